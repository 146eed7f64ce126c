# Registering

register-title = Create an account
register-kind = Who is the account for?
register-kind-resident = A person
register-kind-resident-hint = For yourself, whatever your nationality.
register-kind-organisation = An organisation
register-kind-organisation-hint = For an enterprise or another legal person.
register-phone = Mobile number
register-phone-hint = Your own number. Numbers from outside the mainland start with + and the country code.
register-phone-missing = Enter your mobile number
register-phone-length = This number has too few or too many digits. A mainland number has 11.
register-phone-character = Enter digits only, with + in front for numbers from outside the mainland
register-phone-country = Numbers of this country or region cannot be used. Use a number of the mainland, Hong Kong, Macao, Taiwan or Viet Nam.
register-phone-not-mobile = This is not a mobile number
register-send-code = Send me a code
register-have-account = I have an account already: sign in
register-unfinished = A code was sent to { $phone }; that account is not finished yet.
register-unfinished-continue = Go on with this number
register-ended = That registration is over: it was finished in another window, or too much time has passed since it began. Please begin again.
register-draft-other = Another number was entered in another window since: { $phone }. This page is about that number now. Nothing that you typed here was used.

register-code-too-soon = A code was sent a moment ago. You can ask for another one in { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 }.
register-code-too-many = Too many codes were asked for. Try again in { $minutes } { $minutes ->
    [one] minute
   *[other] minutes
 }.

register-confirm-title = Confirm your number and choose a password
register-code-sent = A message is on its way to { $phone }. A code in it can be used for { $minutes } minutes. Please follow what the message says.
register-code = Code from the message
register-code-hint = 6 digits. If no message arrives, send another code with the button below; only the newest one counts.
register-code-hint-wait = 6 digits. If no message arrives, you can send another code in { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 }; only the newest one counts.
register-code-missing = Enter the code from the message
register-code-form = The code has 6 digits
register-code-wrong = This is not the code. { $left ->
    [one] One try is left.
   *[other] { $left } tries are left.
 }
register-code-exhausted = There are no tries left for this code. Send another code with the button below.
register-code-expired = This code can no longer be used. Send another code with the button below.
register-password = Password
register-password-hint = 8 to 64 characters, with at least two of digits, letters and symbols. All printable characters are allowed. Do not use your own number or a password that you use elsewhere.
register-strength-weak = Weak
register-strength-fair = Fair
register-strength-strong = Strong
register-password-missing = Choose a password
register-password-again = Password again
register-password-differs = The two passwords are not the same
register-agree = I have read { $agreement } and agree to it. What I provide is true and complete.
register-agree-missing = Read the agreement and tick the box to go on
register-agree-changed = The text of the agreement is another one now. Read it and tick the box again.
register-public-computer = This is a shared computer
register-public-computer-hint = For internet cafés and service halls: you are signed out after a short time.
register-submit = Create the account
register-resend = Send another code
register-change-phone = Use another mobile number
register-busy = Many people are registering at the moment. Nothing is lost: enter the password again and send the page once more in a few seconds.

register-organisation-title = Registering an organisation
register-organisation-first = The legal representative registers as a person first and proves their name. The organisation is registered from that account.
register-organisation-later = Registration of organisations is not open yet. You can prepare by creating the legal representative's own account now.
register-organisation-continue = Create a personal account

register-phone-taken-title = This number has an account already
register-phone-taken = An account was made with this mobile number in the meantime, and it is yours to use. Nothing was changed.
register-phone-taken-sign-in = Sign in

# Agreements

agreement-version = Version { $version }, in effect from { $date }

# Picture captchas

captcha-label = Characters in the picture
captcha-hint = Upper and lower case are the same. The picture can be answered once, for 5 minutes.
captcha-alt = A picture with characters to type into this field. If you cannot see it, use the sound below.
captcha-refresh = Another picture
captcha-other = I cannot see the picture
captcha-listen = Listen to the characters (English)
captcha-help-phone = If you can use neither picture nor sound, call { $phone } or come to a service counter: staff will go through the steps with you.
captcha-help = If you can use neither picture nor sound, come to a service counter: staff will go through the steps with you.
captcha-missing = Enter the characters in the picture
captcha-wrong = These were not the characters, or the picture was too old. Here is a new one.

# What a password may not be

password-fault-too-short = The password needs at least 8 characters
password-fault-too-long = The password can have at most 64 characters
password-fault-unprintable = The password contains a character that cannot be typed again
password-fault-too-few-kinds = Use at least two of digits, letters and symbols
password-fault-contains-phone = The password contains your mobile number. Choose one that nobody can guess from your data.
password-fault-contains-citizen-id = The password contains digits of your ID number. Choose one that nobody can guess from your data.
password-fault-contains-birth-date = The password contains your date of birth. Choose one that nobody can guess from your data.
password-fault-contains-name = The password contains your name. Choose one that nobody can guess from your data.
password-fault-contains-email = The password contains your e-mail address. Choose one that nobody can guess from your data.
password-fault-contains-username = The password contains your user name. Choose one that nobody can guess from your data.
password-fault-contains-site-name = The password contains the name of this site. Choose one that nobody can guess.
password-fault-breached = This password is among those that are tried first when accounts are broken into. Choose another one.

# Registering by e-mail

register-by-email = Register with name, e-mail address and mobile number
register-by-phone = Register with a mobile number only
register-email-title = Create an account with your e-mail address
register-email-steps = First you confirm your mobile number with a code, then your e-mail address with a link that we send you.
register-name = Full name
register-name-hint = As on your identity document. It is not checked here.
register-email = E-mail address
register-email-hint = A mailbox that you can open now. We send you a link.
register-email-missing = Enter your e-mail address
register-email-length = This e-mail address is too long
register-email-character = The e-mail address contains a character that cannot be used
register-email-form = Enter an e-mail address such as name@example.com
register-activation-link = The activation link did not arrive?
register-activation-title = Confirm your e-mail address
register-activation-sent = A message is on its way to { $email }. Open the link in it within { $hours } hours, in any browser, and press the button there. Please follow what the message says.
register-activation-help = No message? Look into the folder for junk mail, or send it again. Without this step the account cannot be used.
register-activation-resend = Send the message again
register-activation-too-soon = A message was sent a moment ago. You can send it again in { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 }.
register-activation-then = Done? Sign in
register-activation-ask-title = Send the activation link again
register-activation-ask-text = If you have registered with your e-mail address and the link did not arrive, enter the address here.
register-activation-ask = Send the link
register-activation-perhaps = If an account waits for this address, a message with a link is on its way.
