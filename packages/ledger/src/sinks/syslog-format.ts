import type { SinkLine } from './sink.ts';

/** authpriv.notice: facility 10, severity 5. */
const PRIORITY = 85;
/** What the messages are tagged with. */
export const SYSLOG_APP_NAME = 'praxis-audit';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TS = /"ts":"(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{6})Z","v":1,"entry_hash"/;

export type SyslogFormat = 'rfc5424' | 'rfc3164';

/** One record as a syslog message, without framing: RFC 5424 §6, or RFC 3164 §4 as older collectors want it. */
export function syslogMessage(
  format: SyslogFormat,
  line: SinkLine,
  sender: { host: string; pid: number },
): string {
  const [, year, month, day, time, fraction] = TS.exec(line.line.slice(-TAIL_CHARS)) ?? [];
  if (format === 'rfc5424') {
    const timestamp = year === undefined ? '-' : `${year}-${month}-${day}T${time}${fraction}Z`;
    return `<${PRIORITY}>1 ${timestamp} ${printable(sender.host)} ${SYSLOG_APP_NAME} ${sender.pid} audit - ${line.line}`;
  }
  const date =
    year === undefined ? '' : `${MONTHS[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${time} `;
  return `<${PRIORITY}>${date}${printable(sender.host)} ${SYSLOG_APP_NAME}[${sender.pid}]: ${line.line}`;
}

/** The time stands near the end of a line, before the version and the digest. */
const TAIL_CHARS = 200;

/** A host name in a header is printable ASCII without spaces, RFC 5424 §6.2.4. */
function printable(text: string): string {
  const kept = text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 255);
  return kept === '' ? '-' : kept;
}

/** Messages on a stream: counted octets (RFC 6587 §3.4.1, RFC 5425 §4.3), or one per line for RFC 3164. */
export function frame(format: SyslogFormat, message: string): Buffer {
  if (format === 'rfc3164') return Buffer.from(`${message}\n`);
  return Buffer.from(`${Buffer.byteLength(message)} ${message}`);
}
