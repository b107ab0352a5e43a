/** Writes every generated file that is committed. `npm run generate` after changing a contract or the configuration. */
import { mkdir, writeFile } from 'node:fs/promises'
import { generatedFiles } from './generated-files.ts'

for (const [file, text] of Object.entries(generatedFiles())) {
  await mkdir(new URL('.', file), { recursive: true })
  await writeFile(new URL(file), text)
  process.stdout.write(`${new URL(file).pathname}\n`)
}
