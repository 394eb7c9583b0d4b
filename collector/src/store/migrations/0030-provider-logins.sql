-- What the provider of single sign-on gave with a login, sealed: to be revoked there when the login ends here. Null where it was not kept.
alter table user_sessions add column provider_tokens bytea;
