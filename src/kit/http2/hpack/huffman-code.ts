/**
 * The Huffman code of HPACK (RFC 7541, Appendix B). It is canonical: codes of one length follow each other in the order
 * of their symbols, and the first of a length follows from the last of the length before. So the lengths are all there
 * is to know, and the codes are counted out of them.
 */

/** Of the symbols 0 to 255, and of the end of the string (256), in bits. */
export const CODE_LENGTHS: readonly number[] = [
  // Control characters.
  [13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  [28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  // From space to /, from 0 to ?.
  [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  [5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  // From @ to O, from P to _.
  [13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  [7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  // From ` to o, from p to DEL.
  [15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  [6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  // From 128 to 255.
  [20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  [24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  [22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  [21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  [26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  [19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  [20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  [26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  [30],
].flat()

export const END_OF_STRING = 256

/** By symbol, right-aligned. */
export const CODES: readonly number[] = ((): number[] => {
  const codes: number[] = []
  let next = 0
  for (let length = 1; length <= 30; length++) {
    CODE_LENGTHS.forEach((own, symbol) => {
      if (own === length) codes[symbol] = next++
    })
    next *= 2
  }
  return codes
})()
