-- What proves a credential: the secret of a token, or a client certificate for a name, where asked for with one key alone. Never both.
alter table credentials
  alter column secret_hash drop not null,
  -- A subject alternative name as OpenSSL writes it, `URI:...` or `DNS:...`.
  add column certificate_san text check (
    octet_length(certificate_san) <= 2048
    and certificate_san ~ '^(URI:[A-Za-z][A-Za-z0-9+.-]*:[!-~]+|DNS:[a-z0-9_-]+([.][a-z0-9_-]+)*)$'
  ),
  -- SHA-256 of the public key (SubjectPublicKeyInfo, DER).
  add column certificate_key bytea check (octet_length(certificate_key) = 32),
  add constraint credentials_one_proof check ((secret_hash is null) <> (certificate_san is null)),
  add constraint credentials_key_of_name check (certificate_key is null or certificate_san is not null);

-- A certificate names one credential.
create unique index credentials_live_certificate_san on credentials (certificate_san) where revoked_at is null;
