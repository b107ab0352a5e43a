/** How long a certificate of the local world lives; nobody renews while the world runs. */
export const CERTIFICATE_LIFETIME_MS = 397 * 24 * 60 * 60_000

/** A certificate that ends sooner than this is issued again at the next start. */
export const CERTIFICATE_RENEW_BEFORE_MS = 30 * 24 * 60 * 60_000

/** Certificates start a little in the past, so that two clocks of one machine park cannot disagree about them. */
export const CERTIFICATE_BACKDATE_MS = 60 * 60_000
