/** For any declared JSON body one that fits it, as the starting point of those that do not. */
import { z } from 'zod'
import { textFor } from './plausible-texts.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Stands where a declaration takes any value. */
export const ANYTHING = 'anything'

/** What we read of a JSON schema. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: Json
  readonly enum?: readonly Json[]
  readonly anyOf?: readonly Schema[]
  readonly pattern?: string
  readonly minLength?: number
  readonly minimum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly propertyNames?: Schema
  readonly additionalProperties?: Schema
  readonly items?: Schema
}

/** With as many fields as the declaration takes together. */
export const fittingBody = (declared: z.ZodType): Json => {
  const full = fitting(z.toJSONSchema(declared, { io: 'input', unrepresentable: 'any' }) as Schema)
  // Some fields exclude each other, which a JSON schema does not say.
  const found = [full, ...withoutOneField(full)].find((body) => declared.safeParse(body).success)
  if (found === undefined) throw new Error(`no fitting body can be made from ${JSON.stringify(full)}`)
  return found
}

const fitting = (schema: Schema): Json => {
  if (schema.const !== undefined) return schema.const
  const [alternative] = schema.anyOf ?? []
  if (alternative) return fitting(alternative)
  const [value] = schema.enum ?? []
  if (value !== undefined) return value
  const [type] = [schema.type ?? []].flat()
  switch (type) {
    case 'object':
      return fittingObject(schema)
    case 'array':
      return [fitting(schema.items ?? {})]
    case 'integer':
    case 'number':
      return Math.max(0, schema.minimum ?? 0)
    case 'boolean':
      return false
    case 'null':
      return null
    case 'string':
      return fittingText(schema)
    default:
      return ANYTHING
  }
}

const fittingObject = ({ properties = {}, propertyNames, additionalProperties }: Schema): Json => ({
  ...(propertyNames && additionalProperties && { [fittingText(propertyNames)]: fitting(additionalProperties) }),
  ...Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, fitting(schema)])),
})

const fittingText = ({ pattern = '', minLength = 0 }: Schema): string => {
  const format = new RegExp(pattern)
  return textFor((text) => text.length >= minLength && format.test(text))
}

export const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const withoutOneField = (body: Json): Json[] =>
  isObject(body)
    ? Object.keys(body).map((left) => Object.fromEntries(Object.entries(body).filter(([key]) => key !== left)))
    : []
