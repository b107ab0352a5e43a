/**
 * Reading strings in the Huffman code of HPACK, half a byte at a time: a table says for every inner node of the tree
 * and every four bits where they lead, and which symbol they complete. There is at most one, as the shortest code has
 * five bits. The table is 16 KiB, which stays in the nearest cache.
 *
 * Nothing is written in this code: what we repeat goes into the table of fields, and what is left is not worth the time.
 */
import { CODE_LENGTHS, CODES, END_OF_STRING } from './huffman-code.ts'

/** The bits of one step: where it leads, what it completes, and whether it does, fails, or may be the last. */
const NODE = 0xff
const SYMBOL_SHIFT = 8
const COMPLETES = 1 << 16
const FAILS = 1 << 17
const MAY_END = 1 << 18

/** RFC 7541 §5.2: padding is shorter than a byte. */
const PADDING_BITS_MAX = 7

/**
 * Writes the text of `source[start, end)` to `target`, which has room for 8/5 of it, and returns its length; -1 when it
 * is no Huffman code.
 */
export const decodeHuffman = (source: Uint8Array, start: number, end: number, target: Uint8Array): number => {
  let length = 0
  let step = MAY_END
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0
    step = STEPS[((step & NODE) << 4) | (byte >> 4)] ?? FAILS
    if ((step & (COMPLETES | FAILS)) !== 0) {
      if ((step & FAILS) !== 0) return -1
      target[length++] = (step >> SYMBOL_SHIFT) & 0xff
    }
    step = STEPS[((step & NODE) << 4) | (byte & 0xf)] ?? FAILS
    if ((step & (COMPLETES | FAILS)) !== 0) {
      if ((step & FAILS) !== 0) return -1
      target[length++] = (step >> SYMBOL_SHIFT) & 0xff
    }
  }
  return (step & MAY_END) === 0 ? -1 : length
}

interface Node {
  readonly number: number
  readonly depth: number
  /** Only ones lead here, as in padding. */
  readonly isAllOnes: boolean
  readonly next: (Node | number | undefined)[]
}

const growTree = (): readonly Node[] => {
  const nodes: Node[] = []
  const sprout = (depth: number, isAllOnes: boolean): Node => {
    const node: Node = { number: nodes.length, depth, isAllOnes, next: [undefined, undefined] }
    nodes.push(node)
    return node
  }
  const root = sprout(0, true)
  CODES.forEach((code, symbol) => {
    const length = CODE_LENGTHS[symbol] ?? 0
    let node = root
    for (let left = length - 1; left > 0; left--) {
      const bit = (code >>> left) & 1
      const known = node.next[bit]
      const next = typeof known === 'object' ? known : sprout(node.depth + 1, node.isAllOnes && bit === 1)
      node.next[bit] = next
      node = next
    }
    node.next[code & 1] = symbol
  })
  return nodes
}

const stepFrom = (start: Node, bits: number, root: Node): number => {
  let node = start
  let completed = 0
  for (let left = 3; left >= 0; left--) {
    const next = node.next[(bits >> left) & 1]
    if (next === undefined || next === END_OF_STRING) return FAILS
    if (typeof next === 'number') completed = COMPLETES | (next << SYMBOL_SHIFT)
    node = typeof next === 'number' ? root : next
  }
  const mayEnd = node.isAllOnes && node.depth <= PADDING_BITS_MAX ? MAY_END : 0
  return node.number | completed | mayEnd
}

const STEPS: Int32Array = ((): Int32Array => {
  const nodes = growTree()
  const steps = new Int32Array(nodes.length * 16)
  const [root] = nodes
  if (!root) throw new Error('the code has no symbols')
  for (const node of nodes) {
    for (let bits = 0; bits < 16; bits++) steps[node.number * 16 + bits] = stepFrom(node, bits, root)
  }
  return steps
})()
