import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { outline } from './schema-outline.ts'

const outlineOf = (schema: z.ZodType): string => outline(z.toJSONSchema(schema, { unrepresentable: 'any' }))

test('a schema reads like a type', () => {
  const schema = z.object({
    id: z.uuid(),
    size: z.int().min(1).max(500).optional().describe('of a page'),
    tags: z.array(z.enum(['a', 'b'])).max(3),
    inner: z.object({ name: z.string().max(10).nullable() }),
    pair: z.tuple([z.string(), z.boolean()]),
    by_user: z.record(z.string(), z.array(z.string())),
    none: z.array(z.never()).max(0),
    what: z.unknown(),
  })
  assert.equal(
    outlineOf(schema),
    [
      '{',
      '  id: uuid',
      '  size?: integer (1..500)  // of a page',
      '  tags: ("a" | "b")[] (..3)',
      '  inner: {',
      '    name: string (..10) | null',
      '  }',
      '  pair: [string, boolean]',
      '  by_user: {',
      '    [key]: string[]',
      '  }',
      '  none: []',
      '  what: anything',
      '}',
    ].join('\n'),
  )
})
