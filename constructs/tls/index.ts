// soundstage/tls: certificates of hosts, from an ACME authority or a private one.
export { trustAuthority } from "./authority-file.ts";
export {
  type AcmeSource,
  type Authority,
  Certificate,
  type CertificatePaths,
  type CertificateProps,
  type Reader,
} from "./certificate.ts";
