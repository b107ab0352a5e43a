/**
 * Asking once for many: what is asked while enough questions are under way goes into the next one together. Each is
 * answered by a question that was put after he asked, so nobody gets an answer from before, as a cache would give him.
 * Under load the cost of a question is shared, and a lone asker waits for nobody.
 */
export interface SharedQuestionOptions<Key, Answer> {
  /** Each key stands there once. */
  readonly ask: (keys: readonly Key[]) => Promise<Answer>
  /** Questions under way at one time. */
  readonly atOnce: number
  /** Keys after which the next question is begun; one who brings more asks for himself. */
  readonly keysMax: number
}

/** The answer is that to everybody's keys: each takes from it what is his. */
export type SharedQuestion<Key, Answer> = (keys: readonly Key[]) => Promise<Answer>

interface Question<Key, Answer> {
  readonly keys: Set<Key>
  readonly answer: PromiseWithResolvers<Answer>
}

export const sharedQuestion = <Key, Answer>({
  ask,
  atOnce,
  keysMax,
}: SharedQuestionOptions<Key, Answer>): SharedQuestion<Key, Answer> => {
  const waiting: Question<Key, Answer>[] = []
  let underWay = 0

  const put = async ({ keys, answer }: Question<Key, Answer>): Promise<void> => {
    underWay += 1
    try {
      answer.resolve(await ask([...keys]))
    } catch (error) {
      answer.reject(error)
    }
    underWay -= 1
    const next = waiting.shift()
    if (next) void put(next)
  }

  return (keys) => {
    const last = waiting.at(-1)
    if (last && last.keys.size + keys.length <= keysMax) {
      for (const key of keys) last.keys.add(key)
      return last.answer.promise
    }
    const question = { keys: new Set(keys), answer: Promise.withResolvers<Answer>() }
    if (underWay < atOnce) void put(question)
    else waiting.push(question)
    return question.answer.promise
  }
}
