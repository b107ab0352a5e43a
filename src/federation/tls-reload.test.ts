import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Clock, systemClock } from '#src/kit/clock.ts'
import { createLog } from '#src/kit/log.ts'
import { createAuthority, type Credential } from '#src/world/authority.ts'
import { replaceFile } from '#src/world/replace-file.ts'
import { until } from '#test/federation/fake-peer.ts'
import type { TlsMaterial } from './tls-material.ts'
import { followTls } from './tls-reload.ts'
import { TLS_RECHECK_MS } from './limits.ts'

const authority = await createAuthority('Test Authority', systemClock)
const one = await authority.issue({ dnsNames: ['one.test'] })
const two = await authority.issue({ dnsNames: ['two.test'] })

interface Setting extends AsyncDisposable {
  readonly directory: string
  /** Levels and messages of the log, in order. */
  readonly lines: readonly string[]
  follow(options?: { path?: string; clock?: Clock; adopt?: (material: TlsMaterial) => void }): Promise<() => string>
  logged(message: RegExp, times?: number): Promise<void>
}

const setUp = async (): Promise<Setting> => {
  const stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'comity-reload-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const lines: string[] = []
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } })
  await put(join(directory, 'live'), one)
  return {
    directory,
    lines,
    follow: async ({ path = join(directory, 'live'), clock = systemClock, adopt = () => {} } = {}) => {
      const files = { certificateFile: join(path, 'crt'), privateKeyFile: join(path, 'key'), caFile: join(path, 'ca') }
      const followed = stack.use(await followTls({ files, owner: 'test', adopt, clock, log }))
      return () => followed.current().chainPem
    },
    logged: (message, times = 1) =>
      until(() => lines.filter((line) => message.test(line)).length >= times, `the log says ${message.source}`),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const put = async (directory: string, { chainPem, keyPem }: Credential): Promise<void> => {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'crt'), chainPem)
  await writeFile(join(directory, 'key'), keyPem)
  await writeFile(join(directory, 'ca'), authority.certificatePem)
}

test('FED-037: files that are written anew are used', async () => {
  await using setting = await setUp()
  const chain = await setting.follow()
  await put(join(setting.directory, 'live'), two)
  await until(() => chain() === two.chainPem, 'the new certificate is used')
})

test('files that are moved into place are used', async () => {
  await using setting = await setUp()
  const chain = await setting.follow()
  await replaceFile(join(setting.directory, 'live/key'), two.keyPem, 0o600)
  await replaceFile(join(setting.directory, 'live/crt'), two.chainPem, 0o644)
  await until(() => chain() === two.chainPem, 'the new certificate is used')
})

test('another bundle of authorities is used', async () => {
  await using setting = await setUp()
  const seen: number[] = []
  await setting.follow({ adopt: ({ anchors }) => void seen.push(anchors.length) })
  const more = await createAuthority('More', systemClock)
  await replaceFile(join(setting.directory, 'live/ca'), authority.certificatePem + more.certificatePem, 0o644)
  await until(() => seen.includes(2), 'two authorities are trusted')
})

// The files of a mounted secret are links to ..data/NAME, and ..data is a link to a directory with the time in its name.
test('FED-037: a link that is swapped two steps before the files is noticed, every time', async () => {
  await using setting = await setUp()
  const mounted = join(setting.directory, 'mounted')
  await mkdir(mounted)
  const swapTo = async (name: string, credential: Credential): Promise<void> => {
    await put(join(mounted, name), credential)
    await symlink(name, join(mounted, '..data_tmp'))
    await rename(join(mounted, '..data_tmp'), join(mounted, '..data'))
  }
  await swapTo('..2026_1', one)
  for (const name of ['crt', 'key', 'ca']) await symlink(`..data/${name}`, join(mounted, name))
  const chain = await setting.follow({ path: mounted })
  await swapTo('..2026_2', two)
  await until(() => chain() === two.chainPem, 'the second certificate is used')
  await rm(join(mounted, '..2026_1'), { recursive: true })
  await swapTo('..2026_3', one)
  await until(() => chain() === one.chainPem, 'the third certificate is used')
})

test('FED-037: a directory far above the files that is exchanged for another is noticed, also by its new content', async () => {
  await using setting = await setUp()
  const path = join(setting.directory, 'above/between/files')
  await put(path, one)
  await put(join(setting.directory, 'next/between/files'), two)
  const chain = await setting.follow({ path })
  await rename(join(setting.directory, 'above'), join(setting.directory, 'old'))
  await setting.logged(/cannot be used/)
  await rename(join(setting.directory, 'next'), join(setting.directory, 'above'))
  await until(() => chain() === two.chainPem, 'the other directory is used')
  await put(path, one)
  await until(() => chain() === one.chainPem, 'a change in the other directory is used')
})

test('a certificate that comes before its key is one failed reload and a good one', async () => {
  await using setting = await setUp()
  const chain = await setting.follow()
  await replaceFile(join(setting.directory, 'live/crt'), two.chainPem, 0o644)
  await setting.logged(/cannot be used/)
  assert.equal(chain(), one.chainPem)
  await replaceFile(join(setting.directory, 'live/key'), two.keyPem, 0o600)
  await setting.logged(/were reloaded/)
  assert.equal(chain(), two.chainPem)
  assert.equal(setting.lines.length, 2, setting.lines.join(''))
})

test('FED-037: a broken file is told to the log, the old material is kept, and mending helps', async () => {
  await using setting = await setUp()
  const chain = await setting.follow()
  await writeFile(join(setting.directory, 'live/crt'), 'nonsense')
  await setting.logged(/holds no certificate/)
  assert.equal(chain(), one.chainPem)
  await put(join(setting.directory, 'live'), two)
  await until(() => chain() === two.chainPem, 'the mended certificate is used')
})

test('what TLS itself cannot use is not taken', async () => {
  await using setting = await setUp()
  const adopt = ({ chainPem }: TlsMaterial): void => {
    if (chainPem === two.chainPem) throw new Error('ee key too small')
  }
  const chain = await setting.follow({ adopt })
  await put(join(setting.directory, 'live'), two)
  await setting.logged(/ee key too small/)
  assert.equal(chain(), one.chainPem)
})

test('what no watch tells is found by looking from time to time', async () => {
  await using setting = await setUp()
  const timers: { ms: number; action: () => void }[] = []
  const after = (ms: number, action: () => void): Disposable => {
    timers.push({ ms, action })
    return { [Symbol.dispose]: () => {} }
  }
  const chain = await setting.follow({ clock: { ...systemClock, after } })
  await put(join(setting.directory, 'live'), two)
  timers.find(({ ms }) => ms === TLS_RECHECK_MS)?.action()
  await until(() => chain() === two.chainPem, 'the new certificate is used')
  assert.equal(timers.filter(({ ms }) => ms === TLS_RECHECK_MS).length, 2, 'and it is looked again')
})

test('FED-037: at start a fault is fatal', async () => {
  await using setting = await setUp()
  await writeFile(join(setting.directory, 'live/key'), two.keyPem)
  await assert.rejects(setting.follow(), /does not belong/)
})
