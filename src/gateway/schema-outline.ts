/** A JSON schema in a few lines that people can read: what one would write by hand as a type. */

interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly format?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly description?: string
}

export const outline = (schema: unknown, indent = ''): string => {
  const known = (schema ?? {}) as Schema
  if (known.const !== undefined) return JSON.stringify(known.const)
  if (known.enum) return known.enum.map((value) => JSON.stringify(value)).join(' | ')
  const alternatives = known.anyOf ?? known.oneOf
  if (alternatives) return distinct(alternatives.map((each) => outline(each, indent))).join(' | ')
  if (known.allOf) return distinct(known.allOf.map((each) => outline(each, indent))).join(' & ')
  switch (known.type) {
    case 'object':
      return outlineObject(known, indent)
    case 'array':
      return outlineArray(known, indent)
    case undefined:
      return 'anything'
    default:
      return `${known.format ?? known.type}${bounds(known)}`
  }
}

const outlineObject = ({ properties, required = [], additionalProperties }: Schema, indent: string): string => {
  const inner = `${indent}  `
  const fields = Object.entries(properties ?? {}).map(([name, field]) => {
    const remark = field.description === undefined ? '' : `  // ${field.description}`
    return `${inner}${name}${required.includes(name) ? '' : '?'}: ${outline(field, inner)}${remark}`
  })
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0) {
    fields.push(`${inner}[key]: ${outline(additionalProperties, inner)}`)
  }
  return fields.length === 0 ? '{}' : `{\n${fields.join('\n')}\n${indent}}`
}

const outlineArray = ({ items, prefixItems, minItems, maxItems }: Schema, indent: string): string => {
  if (prefixItems) return `[${prefixItems.map((item) => outline(item, indent)).join(', ')}]`
  if (maxItems === 0) return '[]'
  const item = outline(items, indent)
  const many = item.includes(' | ') || item.includes(' & ') ? `(${item})[]` : `${item}[]`
  return `${many}${range(minItems, maxItems)}`
}

const bounds = ({ minLength, maxLength, minimum, maximum }: Schema): string =>
  minLength === undefined && maxLength === undefined ? range(minimum, maximum) : range(minLength, maxLength)

/** Bounds that are only those of the number's type say nothing. */
const range = (least: number | undefined, most: number | undefined): string => {
  const [from, to] = [telling(least), telling(most)]
  return from === undefined && to === undefined ? '' : ` (${from ?? ''}..${to ?? ''})`
}

const telling = (bound: number | undefined): number | undefined =>
  bound === undefined || Math.abs(bound) >= 2 ** 31 - 1 ? undefined : bound

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)]
