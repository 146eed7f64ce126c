# Proving one's name

evidence-caption = Real-name verification
evidence-welcome = Your account has been created. You can prove your name now, or leave it for later.
evidence-name = Name
evidence-name-hint = Exactly as on the identity card. Between the parts of an ethnic minority name, type a middle dot (·).
evidence-name-missing = Enter your name
evidence-name-length = A name can have at most 100 characters
evidence-name-digit = A name cannot contain digits
evidence-name-character = The name contains a character that is not part of a name, such as a symbol or an emoji
evidence-name-separator = There must be letters on both sides of a dot or hyphen
evidence-citizen-id = Citizen ID number
evidence-citizen-id-hint = 18 characters. Residents of Hong Kong, Macao and Taiwan: the number of your residence permit.
evidence-citizen-id-missing = Enter your citizen ID number
evidence-citizen-id-length = A citizen ID number has 18 characters. Count them and try again.
evidence-citizen-id-character = The first 17 characters are digits; the last one is a digit or X
evidence-citizen-id-region = The first two digits do not stand for a province. Check the number.
evidence-citizen-id-date = The date of birth in characters 7 to 14 does not exist. Check the number.
evidence-citizen-id-future = The date of birth in this number is in the future. Check the number.
evidence-citizen-id-check = The last character does not fit the others: one of them is probably mistyped. Compare them one by one.
evidence-citizen-id-other = Your account has been verified with another ID number, and verified details cannot be changed. If something is wrong, come to a service counter.
evidence-phone = Mobile number
evidence-skip = Not now

evidence-submit = Verify
evidence-agree-submit = Agree and verify
evidence-name-other = Your account has been verified with another name, and verified details cannot be changed. After a change of name, ask for a review of documents or come to a service counter.
evidence-mismatch = The details do not agree with what the other side has on record. Check them and try again. { $left ->
    [0] There are no tries left today.
    [one] One try is left today.
   *[other] { $left } tries are left today.
 }
evidence-not-found = The other side has nothing on record under these details. Check them and try again, take another way, ask for a review, or come to a service counter. { $left ->
    [0] There are no tries left today.
    [one] One try is left today.
   *[other] { $left } tries are left today.
 }

evidence-case-number = Case number:
evidence-review-title = Are you sure that everything is right?
evidence-review-text = After a change of name, a move or military service, registers can lag behind. You can ask for a member of staff to check; you get the result by text message.
evidence-review-submit = Ask for a review
evidence-filed-title = Your request for a review has been received
evidence-filed-text = A member of staff will check what you entered. You get the result by text message, and you can follow it on the page “Identity level”. Meanwhile you can use your account as before.

evidence-waiting-title = The check is not done yet
evidence-waiting-text = The other side’s system does not answer at the moment; this is not your fault. What you entered is stored encrypted and nothing is lost. We go on trying by ourselves, and it does not count as a try.
evidence-waiting-sms = We tell you the result by text message. You need not wait here.
evidence-again-title = The check is not done yet
evidence-again-text = The other side’s system does not answer at the moment; this is not your fault, and it does not count as a try.
evidence-again-help = One detail is used once only and not stored, so we cannot ask again without you. Everything else is kept: come back later and enter just that again.
evidence-again-go = Enter it again
evidence-conflict-title = This ID number is verified on another account
evidence-conflict-text = The details agree with the register, but another account has been verified with this ID number, and each person can have one verified account only. Nothing was changed on either account.
evidence-conflict-help = If it is an earlier account of yours, sign out and sign in with this ID number. If it is not yours, come to a service counter with your identity document and give the case number below.
evidence-restricted-title = Please contact a service counter
evidence-restricted-text = The state of this record does not allow verification online. To prevent misuse, this account has been suspended until a member of staff has looked into it.
evidence-restricted-help = Come to a government service counter in person with your identity document and give the case number below.
evidence-limit-title = No tries are left today
evidence-limit-text = So that nobody can find out other people’s details by trying, each account and each ID number can be tried only a few times a day.
evidence-limit-help = Try again tomorrow. If it is urgent, come to a service counter with your identity document.
evidence-limit-review = Send pictures of your identity document instead
evidence-go-on-without = Go on without raising the level
evidence-to-level = See my identity level

evidence-phone-title = Confirm your mobile number first
evidence-phone-text = To make sure that it is you, we send a code to { $phone } before your identity level is raised.
evidence-phone-sent = A code has been sent to { $phone }. Enter it here.
evidence-code = Code from the message
evidence-code-hint = 6 digits. Only the newest message counts.
evidence-code-send = Send me a code
evidence-code-resend = Send another code
evidence-code-next = Next
evidence-code-form = The code has 6 digits
evidence-code-wrong = This is not the code. { $count ->
    [one] One try is left.
   *[other] { $count } tries are left.
 }
evidence-code-exhausted = There are no tries left for this code. Ask for another one.
evidence-code-expired = This code can no longer be used. Ask for another one.
evidence-code-too-soon = A code was sent a moment ago. You can ask for another one in { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 }.
evidence-code-too-many = Too many codes were asked for. Try again in { $minutes } { $minutes ->
    [one] minute
   *[other] minutes
 }.
evidence-code-country = Messages cannot be sent to numbers of this country or region. Please come to a service counter.

# Text messages

evidence-counter-title = Verify at a service counter
evidence-counter-text = At a government service counter somebody compares you with your identity document. It takes a few minutes and gives the highest level.
evidence-counter-bring = Bring the original of your identity card, or of your residence permit if you are from Hong Kong, Macao or Taiwan.
evidence-counter-phone = Bring the phone that this account is signed in with: a code is sent to it while you are there.
evidence-counter-two = Two members of staff decide. The result is sent to you by text message, and you need not wait for it.
