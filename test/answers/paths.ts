/** Paths of a document and of requests. */
export interface PathPattern {
  /** Segments that are not parameters. */
  readonly literals: number
  fits(path: string): boolean
}

/** `/users/{domain}/{id}`. */
export const pathPattern = (spelling: string): PathPattern => {
  const segments = spelling.split('/')
  const isParameter = (segment: string): boolean => segment.startsWith('{')
  return {
    literals: segments.filter((segment) => !isParameter(segment)).length,
    fits: (path) => {
      const given = path.split('/')
      return (
        given.length === segments.length &&
        segments.every((segment, index) => (isParameter(segment) ? given[index] !== '' : segment === given[index]))
      )
    },
  }
}
