/** The DNS names that a certificate says it is for, to be shown. Whether it names a host is never decided by these. */
import type { X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate, id_ce_subjectAltName, SubjectAlternativeName } from '@peculiar/asn1-x509'

/** Read from the extension itself: the printed form has been ambiguous before (CVE-2021-44532). */
export const dnsNamesOf = ({ raw }: X509Certificate): readonly string[] => {
  try {
    const { extensions = [] } = AsnConvert.parse(raw, Certificate).tbsCertificate
    const extension = extensions.find(({ extnID }) => extnID === id_ce_subjectAltName)
    if (!extension) return []
    const names = AsnConvert.parse(extension.extnValue.buffer, SubjectAlternativeName)
    return names.flatMap(({ dNSName }) => (dNSName === undefined ? [] : [dNSName]))
  } catch {
    // A stranger's certificate that TLS could read and this reader cannot: then there is nothing to show.
    return []
  }
}
