/**
 * Loaded first into every Node process that a world starts. A world that was killed cannot stop its backends, and
 * orphans would keep ports and data: the channel to the parent closes in any case, and that is the signal to stop.
 */
if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // Listening must not keep a process alive that has finished.
  process.channel.unref()
}
