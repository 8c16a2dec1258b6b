import { type Refusal, refuse } from '../adapter.ts';

/** What cmd.exe, the usual login shell of OpenSSH on Windows, takes as one line, in characters. */
const WINDOWS_LINE_CHARS_MAX = 8191;

/**
 * The words that make a Windows host run exactly this PowerShell text, whatever its login shell is: the
 * encoded form holds nothing that a shell reads.
 */
export function powershellCommand(text: string): string | Refusal {
  const encoded = Buffer.from(text, 'utf16le').toString('base64');
  const line = `powershell -NoLogo -NoProfile -NonInteractive -EncodedCommand ${encoded}`;
  if (line.length <= WINDOWS_LINE_CHARS_MAX) return line;
  return refuse(
    'command_too_long',
    `the encoded command has ${line.length} characters, Windows takes ${WINDOWS_LINE_CHARS_MAX}`,
  );
}
