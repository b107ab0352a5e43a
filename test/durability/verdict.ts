/** What must hold for what one device has read in one conversation, of one writer. */
export interface Evidence {
  /** In the order of writing. */
  readonly acknowledged: readonly string[]
  readonly attempted: readonly string[]
  /** As they came. */
  readonly texts: readonly string[]
}

/** In words; none when all is well. */
export const violations = ({ acknowledged, attempted, texts }: Evidence): string[] => {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const lost = acknowledged.filter((text) => !counts.has(text)).map((text) => `lost although acknowledged: ${text}`)
  const twice = [...counts].filter(([, count]) => count > 1).map(([text, count]) => `${count} times: ${text}`)
  const places = texts.map((text) => attempted.indexOf(text))
  const unordered = places.flatMap((place, index) =>
    index > 0 && place < (places[index - 1] ?? 0) ? [`${texts[index]} after ${texts[index - 1]}`] : [],
  )
  const strangers = texts.filter((text) => !attempted.includes(text)).map((text) => `nobody wrote ${text}`)
  return [...lost, ...twice, ...unordered, ...strangers]
}
