# One-time codes, by text message. Beside the notices in notices.ftl these are all texts that are sent; the frame
# (`notice-frame-sms`) puts the name of the service in front.

sms-code-registration = { $code } is your code to create an account. It can be used for { $minutes } minutes. Staff never ask for it; tell it to nobody.
sms-code-sign-in = { $code } is your code to sign in. It can be used for { $minutes } minutes. Staff never ask for it; tell it to nobody.
sms-code-raise-level = { $code } is your code to confirm that it is you before your identity is checked. It can be used for { $minutes } minutes. Tell it to nobody.
sms-code-recovery = { $code } is your code to choose a new password. It can be used for { $minutes } minutes. Staff never ask for it; tell it to nobody.
sms-code-new-phone = { $code } is the code to connect this number with an account. It can be used for { $minutes } minutes. Staff never ask for it; tell it to nobody.
sms-code-old-phone = { $code } is the code to REPLACE this number in your account by another one. It can be used for { $minutes } minutes. If you did not ask, tell it to nobody and change your password.
sms-code-join = { $code } is your code to join an older account of yours with a newer one, valid for { $minutes } minutes. If you did not ask for it, somebody knows your password: tell nobody the code and change your password.
sms-code-appeal = { $code } is your code for objecting to the decision about your account. Valid for { $minutes } minutes. Never tell it to anybody.

# Answers to whoever asked for a code that there is none for

sms-has-account = This mobile number has an account already. If it is yours, sign in, or recover it at { $page }. If you got the number only lately and the account is not yours, say so there. If you did not ask to register, you need not do anything.
sms-account-waits = An account with this mobile number waits for its e-mail address to be confirmed. Open the link in the mail; another one can be had at { $page }. If you did not ask to register, you need not do anything.
sms-no-account = There is no account with this mobile number. If you did not ask, you need not do anything.
sms-no-appeal = Somebody wanted to object to a decision about an account with this phone. There is no such decision, or it was objected to already. If this was not you, do nothing.

# Verifications

sms-verify-passed = Your name has been verified and your identity level has risen. Sign in to see it on the page “Identity level”.
sms-verify-answered = There is a result of your identity check; it could not be passed automatically. Sign in and see the page “Identity level”, or ask at a service counter.
sms-verify-restricted = There is a result of your identity check: it cannot be done online. Please come to a government service counter in person with your identity document. You need not sign in.
sms-verify-expired = Your identity check could not be done because the other side did not answer for a long time. Your account is not affected. Please sign in and send it again.
sms-verify-type-again = Your identity check was interrupted, and one detail that we do not store is missing. Please sign in and enter it again. Your account is not affected.

# Reviews

sms-accounts-joined = Two accounts were joined (case { $case }). If it was not you, object within { $hours } hours at { $page } with the word { $word }.
sms-review-approved = Your case has been approved. Sign in to see it on the page “Your cases”.
sms-review-rejected = Your case was not approved. Sign in and see the page “Your cases” for the reason and what you can do.
sms-review-more = Something is needed for your case. Sign in and see the page “Your cases”.
sms-review-expired = Your case has ended because no answer came in time. Your account is not affected; you can start again at any time.

# Sub-sites

sms-refresh-replayed = A used access key that { $site } holds for you was shown again, perhaps by a stranger. Access of that website was ended; sign in there again. If you do not know why, sign in here and look at your sign-ins.

# Mails with a link or a code

mail-activate = Activate your account
mail-activate-text = Somebody has registered an account with this e-mail address. If it was you, open this link within { $hours } hours and press the button on the page: { $link } If it was not you, you need not do anything.
mail-has-account = You have an account already
mail-has-account-text = Somebody wanted to register an account with this e-mail address, which has an account already. If it was you, sign in with this address. If it was not you, you need not do anything.
recover-mail-subject = Your code to recover your account
recover-mail-text = { $code } is the code to recover your account. It can be used for { $minutes } minutes. If you did not ask for it, somebody has your mobile number: sign in and check your account.
contact-mail-new-subject = Confirm your e-mail address
contact-mail-new-text = Somebody wants to connect this address with an account. If it is you, follow the link within { $hours } hours. Otherwise you need not do anything.
contact-mail-old-subject = Agree to a new e-mail address
contact-mail-old-text = The e-mail address of your account is to be replaced. If you agree, follow the link within { $hours } hours. If it is not you, follow the link in the other mail that we sent.
