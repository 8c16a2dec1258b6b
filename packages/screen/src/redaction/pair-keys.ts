const NAME_KEYS: ReadonlySet<string> = new Set([
  'name',
  'key',
  'k',
  'n',
  'field',
  'fieldname',
  'header',
  'headername',
  'param',
  'parameter',
  'parametername',
  'variable',
  'var',
  'varname',
  'property',
  'attribute',
  'attr',
  'option',
  'setting',
  'env',
  'envvar',
  'id',
  'label',
  'arg',
  'argument',
  'flag',
  'keyname',
  'identifier',
  'title',
]);

const VALUE_KEYS: ReadonlySet<string> = new Set([
  'value',
  'val',
  'v',
  'content',
  'contents',
  'data',
  'text',
  'string',
  'stringvalue',
  'default',
  'defaultvalue',
  'current',
  'currentvalue',
  'newvalue',
  'oldvalue',
  'new',
  'old',
  'before',
  'after',
  'plaintext',
  'raw',
  'values',
  'rawvalue',
  'input',
  'payload',
  'parametervalue',
  'simplevalue',
  'literal',
  'fieldvalue',
  'headervalue',
  'argument',
  'operand',
]);

const plain = (key: string): string => key.toLowerCase().replace(/[^a-z]/g, '');

const NAMED_KIND =
  /^(?:parameter|param|option|setting|variable|env|envvar|property|attribute|header|config|field|secret|item|arg)(?:name|key)$/;

/** Whether a key holds the name of something whose value stands beside it: `name`, `Key`, `ParameterKey`. */
export function isNameKey(key: string): boolean {
  const name = plain(key);
  return NAME_KEYS.has(name) || NAMED_KIND.test(name);
}

const SECRET_TYPE = /^(?:password|passwd|passphrase|secret|bearer|credentials?|api[ _-]?key)$/i;

/** Whether `type: "password"` makes the value beside it a secret; `type: "token"` is a word of any parser. */
export function isSecretType(key: string, value: string): boolean {
  return plain(key) === 'type' && SECRET_TYPE.test(value);
}

/** Whether a key holds the value that a name beside it describes: `value`, `Val`, `content`. */
export function isValueKey(key: string): boolean {
  const name = plain(key);
  return VALUE_KEYS.has(name) || name.endsWith('value');
}
