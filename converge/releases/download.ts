/** Bytes; no release comes near. */
const LARGEST = 64 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

/** What an https address answers, as a whole. */
export async function download(address: string, ask: typeof fetch = fetch): Promise<Uint8Array> {
  if (!address.startsWith("https://")) throw new Error(`${address}: expected an https address`);
  const failed = (reason: string) => new Error(`${address} ${reason}`);
  const answer = await ask(address, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
    throw failed(`can not be fetched: ${(error.cause as Error | undefined)?.message ?? error.message}`);
  });
  if (!answer.ok || !answer.body) throw failed(`answered ${answer.status} ${answer.statusText}`.trim());
  if (answer.url !== "" && !answer.url.startsWith("https://"))
    throw failed(`leads to ${answer.url}, which is not https`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > LARGEST) throw failed(`answered more than ${LARGEST} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
