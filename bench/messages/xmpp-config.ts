/** Configurations of the two XMPP servers: federation over mutually verified TLS and nothing that stores messages. */
export interface XmppSite {
  readonly domain: string
  readonly host: string
  readonly directory: string
  readonly keyFile: string
  readonly certificateFile: string
  /** Key and certificate in one. */
  readonly bundleFile: string
  readonly authorityFile: string
}

export const prosodyConfig = (site: XmppSite): string => `run_as_root = true
pidfile = "${site.directory}/pid"
data_path = "${site.directory}/data"
log = { warn = "${site.directory}/log" }
interfaces = { "${site.host}" }
c2s_ports = { 5222 }
s2s_ports = { 5269 }
legacy_ssl_ports = {}
http_ports = {}
https_ports = {}
modules_enabled = { "roster", "saslauth", "tls", "disco", "register_ibr", "s2s_auth_certs" }
modules_disabled = { "offline" }
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
s2s_require_encryption = true
s2s_secure_auth = true
authentication = "internal_plain"
network_backend = "epoll"
unbound = { resolvconf = true }
ssl = { key = "${site.keyFile}", certificate = "${site.certificateFile}", cafile = "${site.authorityFile}" }
VirtualHost "${site.domain}"
`

export const ejabberdConfig = (site: XmppSite): string => `loglevel: warning
hosts: ["${site.domain}"]
certfiles: ["${site.bundleFile}"]
ca_file: "${site.authorityFile}"
s2s_cafile: "${site.authorityFile}"
s2s_use_starttls: required
auth_method: internal
auth_password_format: plain
registration_timeout: infinity
acl: {local: {user_regexp: ""}}
access_rules: {local: {allow: local}, c2s: {allow: all}, register: {allow: all}, s2s: {allow: all}}
s2s_access: s2s
listen:
  - {port: 5222, ip: "${site.host}", module: ejabberd_c2s, access: c2s, max_stanza_size: 262144}
  - {port: 5269, ip: "${site.host}", module: ejabberd_s2s_in, max_stanza_size: 524288}
modules: {mod_disco: {}, mod_roster: {}, mod_register: {access: register, ip_access: all, password_strength: 0}}
`

/** Where Erlang looks names up. */
export const erlangNames = (hostsFile: string, resolverFile: string): string =>
  `{file, hosts, "${hostsFile}"}.\n{file, resolv, "${resolverFile}"}.\n{lookup, [file, dns]}.\n`
