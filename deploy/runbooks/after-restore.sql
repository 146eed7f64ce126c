-- After a restore to an earlier time: nothing that was spent may be spent again. For PostgreSQL and SQLite.
-- Run it before the first node starts. Everybody has to sign in again.
BEGIN;
DELETE FROM authorization_code;
DELETE FROM access_token;
DELETE FROM client_assertion;
DELETE FROM interaction;
DELETE FROM otp;
DELETE FROM captcha;
DELETE FROM registration;
DELETE FROM session;
-- Messages that were sent since would be sent again, with codes that are dead.
DELETE FROM outbox WHERE sent_at IS NULL;
COMMIT;
