/**
 * The documents as a page for people. It is finished when it leaves: no script, no font, no picture, nothing to fetch, so
 * that it can be read on a machine without network, and nothing on it can be made to run.
 */
import { createHash } from 'node:crypto'
import type { Content, OpenApi, Operation } from '#src/kit/openapi.ts'
import { outline } from './schema-outline.ts'

export interface Section {
  readonly document: OpenApi
  /** Where the document itself is. */
  readonly address: string
}

export const apiPage = (sections: readonly Section[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Comity API</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Comity API</h1>
${sections.map(section).join('\n')}
</body>
</html>
`

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #f4f5f7; padding: .75rem; overflow-x: auto; border-radius: 4px; margin: .25rem 0 1rem; }
details { border-top: 1px solid #dde1e6; }
summary { cursor: pointer; padding: .5rem 0; }
summary b { display: inline-block; min-width: 4.5em; font: 600 13px ui-monospace, monospace; }
summary span { color: #57606a; margin-left: .75em; }
h3 { font-size: 1em; margin: .5rem 0 0; }
table { border-collapse: collapse; margin: .25rem 0 1rem; }
td { padding: .15rem 1rem .15rem 0; vertical-align: top; }
@media (prefers-color-scheme: dark) {
  body { background: #15181c; color: #e4e7eb; }
  pre { background: #1f242a; }
  details { border-color: #30363d; }
  a { color: #6cb2ff; }
}
`

/** Allows the style of the page and nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

const section = ({ document: { info, paths }, address }: Section): string => `<h2>${escape(info.title)}</h2>
<p>${escape(info.description)} Version ${escape(info.version)}. <a href="${escape(address)}">OpenAPI document</a></p>
${Object.entries(paths)
  .flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, described]) => operation(method, path, described)),
  )
  .join('\n')}`

const operation = (
  method: string,
  path: string,
  described: Operation,
): string => `<details id="${escape(described.operationId)}">
<summary><b>${escape(method.toUpperCase())}</b> <code>${escape(path)}</code><span>${escape(described.summary)}</span></summary>
${remarks(described)}
${parameters(described)}
${described.requestBody ? `<h3>Body</h3>${content(described.requestBody.content)}` : ''}
${Object.entries(described.responses)
  .filter(([status]) => status !== 'default')
  .map(([status, response]) => `<h3>${escape(status)}</h3>${escape(response.description)}${content(response.content)}`)
  .join('\n')}
</details>`

const remarks = ({ security, 'x-aliases': aliases, 'x-mode': mode, 'x-versions': versions }: Operation): string => {
  const all = [
    ...(security ? ['With an access token.'] : []),
    ...(aliases && aliases.length > 0 ? [`Also at ${[...new Set(aliases)].join(', ')}.`] : []),
    ...(mode === 'queue' ? ['Sent through the queue.'] : []),
    ...(versions === undefined ? [] : [`Versions ${JSON.stringify(versions)}.`]),
  ]
  return all.length === 0 ? '' : `<p>${escape(all.join(' '))}</p>`
}

const parameters = ({ parameters: declared = [] }: Operation): string =>
  declared.length === 0
    ? ''
    : `<table>${declared
        .map(
          ({ name, in: where, required, schema }) =>
            `<tr><td><code>${escape(name)}</code><td>${escape(where)}${required ? '' : ', optional'}<td><code>${escape(outline(schema))}</code></tr>`,
        )
        .join('')}</table>`

const content = (by: Content = {}): string =>
  Object.entries(by)
    .map(([type, { schema }]) =>
      schema === undefined ? `<pre>${escape(type)}</pre>` : `<pre>${escape(outline(schema))}</pre>`,
    )
    .join('')

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
