// One file by tus-js-client, as its documentation shows it. Writes a line of JSON for each thing that happens.
// node upload.mjs ENDPOINT TOKEN CASE FILE CHUNK_SIZE [terminate]
import fs from 'node:fs'
import { createRequire } from 'node:module'

const { Upload } = createRequire(new URL('../../../web/package.json', import.meta.url))('tus-js-client')
const [endpoint, token, caseId, path, chunkSize, terminate] = process.argv.slice(2)
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)

const upload = new Upload(fs.createReadStream(path), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { case: caseId, filename: 'from a browser.mp4', filetype: 'video/mp4' },
  chunkSize: Number(chunkSize) || Number.POSITIVE_INFINITY,
  retryDelays: [0, 500, 1000, 1000, 2000, 2000, 3000, 3000, 5000, 5000],
  onChunkComplete: (_size, accepted) => {
    say({ accepted })
    if (terminate) {
      upload.abort(true).then(() => say({ terminated: true }))
    }
  },
  onAfterResponse: (_request, response) => {
    const evidence = response.getHeader('Upload-Evidence')
    if (evidence) {
      say({ evidence, duplicate: response.getHeader('Upload-Duplicate') === 'true' })
    }
  },
  onError: (error) => {
    say({ error: error.message })
    process.exitCode = 1
  },
  onSuccess: () => say({ done: true, url: upload.url }),
})
upload.start()
