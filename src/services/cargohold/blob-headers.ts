/**
 * What goes with bytes that a stranger chose and that are served from the address of the API (client-assets.md §3):
 * nothing that a browser would run or show as a page.
 */
export const BLOB_HEADERS = {
  'content-disposition': 'attachment',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  // Keys are never used again, so bytes never change.
  'cache-control': 'private, max-age=31536000, immutable',
}
