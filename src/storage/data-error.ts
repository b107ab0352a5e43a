/** SQLSTATE classes 22 data exception, 23 constraint violation, 54 program limit exceeded: the data is to blame. */
export const isDataError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(22|23|54)[0-9A-Z]{3}$/.test(String(error.code))
