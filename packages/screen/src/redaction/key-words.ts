/** Words that make a key name secret on their own. */
export const SECRET_WORDS: ReadonlySet<string> = new Set(
  (
    'password passwords passwd passwds pw pwd pwds passphrase passphrases passcode passcodes secret secrets token tokens ' +
    'credential credentials cred creds bearer authorization otp otps totp cookie cookies jwt jwts psk mnemonic ' +
    'passwort kennwort wachtwoord lösenord adgangskode salasana hasło heslo parola пароль 密码 密碼 パスワード 비밀번호 contraseña contrasena senha motdepasse apikey apikeys privkey requirepass masterauth ' +
    'cvv cvc passkey keytab authtok userpassword'
  ).split(' '),
);

/** First words that make `key` (or `keys`) a secret: `api key`, `signing key`. */
export const SECRET_KEY_KINDS: ReadonlySet<string> = new Set(
  (
    'api private priv access session secret signing sign encryption encrypt encrypted decryption decrypt master auth ' +
    'account storage shared client app application admin root license hmac aes subscription webhook wrapping recovery ' +
    'consumer security crypt cipher jwt integration functions unseal ingest write instrumentation symmetric preshared bot kms'
  ).split(' '),
);

/** Pairs of words that name a secret although neither word does. */
export const SECRET_PAIRS: ReadonlySet<string> = new Set(
  (
    'pass word,pass wd,pass phrase,pass code,pass key,security code,recovery code,backup code,one time,' +
    'seed phrase,recovery phrase,shared access,auth tok,redis auth,rediscli auth,auth header,auth cookie,secret text,x auth,snmp community,' +
    'webhook url,session cookie,key data,key material,key pem,user pass'
  ).split(','),
);

/** Last words under which a number, a duration or a date survives: `tokenCount`, `passwordLength`. */
export const QUANTITY_WORDS: ReadonlySet<string> = new Set(
  (
    'count counts length len size sizes ttl expiry expires expired expiration expire timeout timeouts lifetime age max min ' +
    'limit limits budget usage used remaining left total interval days hours minutes seconds secs sec ms rate bucket ' +
    'quota window retries attempts tries number num index position offset cost price score entropy bits bytes ' +
    'enabled disabled required requires valid changed updated created rotated rotation rotates at on date time since until before ' +
    'after last next present set exists protected id ids year iat exp per sync available failed failures ' +
    'service services server controller operator api proxy client user env region request requests response engine driver'
  ).split(' '),
);

/** Last words that name a description of a secret, never the secret: `secretName`, `token_type`, `passwordFile`. */
export const LABEL_WORDS: ReadonlySet<string> = new Set(
  (
    'type types kind kinds policy policies rule rules strength format formats name names path paths file files filename dir directory ' +
    'folder url uri urls endpoint endpoints ref refs reference arn version versions provider providers manager store backend ' +
    'status state states algorithm alg method methods mode modes scheme schemes label labels description title issuer audience scope scopes ' +
    'field fields column columns class helper prompt reset ' +
    'authentication auth authn authz validator validation generator handler factory form page screen link email mailto ' +
    'template schema spec config configuration settings namespace owner username role group ' +
    'stdin var variable based bound review reviewer requirement requirements complexity domain consent banner ' +
    'samesite style parser lexer family encoding charset plugin module agent rbac by from to in out checker ' +
    'ring broker error errors message grant hint rotator scanner sharing injector mount mounts volume ' +
    'budget fingerprint thumbprint checksum digest sha comment note notes'
  ).split(' '),
);

/** Words in front that turn the value into a measure or a switch: `max_tokens`, `hasPassword`. */
export const QUANTITY_PREFIXES: ReadonlySet<string> = new Set(
  (
    'max min num number total count has have is are was require requires required allow allows allowed enable enabled ' +
    'disable disabled use uses used need needs prompt completion input output cached reasoning remaining no without ' +
    'permit permits empty ask show hide skip reset force'
  ).split(' '),
);

/** Words before `pass` with which it is not a password: `boarding_pass`, `first_pass`. */
export const HARMLESS_PASS_PREFIXES: ReadonlySet<string> = new Set(
  (
    'by boarding first second third single multi two render dry test tests low high band ski season hall sea mountain over under ' +
    'com sur tres next last all did must can will should to'
  ).split(' '),
);

/** Beginnings of a run-together name that ends in `pass` or `pw`: `dbpass`, `rootpw`. */
export const ACCOUNT_STEMS: ReadonlySet<string> = new Set(
  (
    'db user usr ssh smtp mysql mariadb root admin my auth login mail imap pop ftp sftp pg postgres sql http https proxy key store ' +
    'ldap bind redis wifi vpn master default new old email sudo su become require keystore truststore trust cert svc service ' +
    'app account acct api web win domain ad samba smb rabbit mq mongo es elastic jdbc database enable server client rpc ' +
    'vault git svn host sys system oracle ora backup dba wp wordpress console'
  ).split(' '),
);

/** Keys that hold a secret only when the value looks like one. */
export const WEAK_WORDS: ReadonlySet<string> = new Set(
  'auth key keys sas sig signature session sid sessid sessionid phpsessid jsessionid code seed pw salt nonce ticket hash license licence webhook community authorisation'.split(
    ' ',
  ),
);

/** First words of a `… key` that may be a path or a public key as well as a secret. */
export const WEAK_KEY_KINDS: ReadonlySet<string> = new Set(
  'ssh ssl tls server service deploy rsa ecdsa ed host user cert read pgp gpg github google aws azure gcp openai anthropic stripe sendgrid mailgun twilio datadog dd newrelic cloudflare maps'.split(
    ' ',
  ),
);
