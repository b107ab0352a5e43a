/**
 * RFC 2782: lower priority first; equal priorities in an order weighted by chance, so that one dead host in a pool
 * is not met first by every peer at once.
 */
import type { Random } from '#src/kit/random.ts'
import type { Target } from './discovery.ts'

export const orderTargets = (targets: readonly Target[], random: Random): readonly Target[] => {
  if (targets.length < 2) return targets
  const priorities = [...new Set(targets.map(({ priority }) => priority))].toSorted((a, b) => a - b)
  return priorities.flatMap((priority) =>
    drawAll(
      targets.filter((target) => target.priority === priority),
      random,
    ),
  )
}

const drawAll = (targets: readonly Target[], random: Random): Target[] => {
  // Those of weight 0 stand first, so that they are chosen only when the number drawn is 0.
  const left = targets.toSorted((a, b) => Number(a.weight > 0) - Number(b.weight > 0))
  const drawn: Target[] = []
  while (left.length > 0) drawn.push(...left.splice(draw(left, random), 1))
  return drawn
}

const draw = (targets: readonly Target[], random: Random): number => {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0)
  const number = Math.floor(random.unit() * (total + 1))
  let sum = 0
  return targets.findIndex(({ weight }) => {
    sum += weight
    return sum >= number
  })
}
