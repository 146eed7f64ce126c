### Texts of the sandbox: the city sub-sites and the world server.

## The cities.
city-hefei-sign = 合
city-hefei-name = Hefei City Services
city-hefei-province = Anhui Province
city-hefei-tagline = One counter, one sign-in
city-hefei-welcome = What brings you to Hefei's counter today?
city-hefei-agency = Hefei Data Resources Bureau (example)
city-yichang-sign = 宜
city-yichang-name = Yichang City Services
city-yichang-province = Hubei Province
city-yichang-tagline = Gateway to the Three Gorges
city-yichang-welcome = What can Yichang do for you?
city-yichang-agency = Yichang Government Services and Big Data Bureau (example)
city-nanning-sign = 邕
city-nanning-name = Nanning City Services
city-nanning-province = Guangxi Zhuang Autonomous Region
city-nanning-tagline = The green city, under lock and key
city-nanning-welcome = What would you like to do in Nanning today?
city-nanning-agency = Nanning Big Data Bureau (example)

## Around every page of a sub-site.
site-skip = Skip to the content
site-demo = Demonstration
site-languages = Languages
site-home = Back to the start page
site-sign-in = Sign in
site-register = Register
site-sign-out = Sign out
site-resident = Resident
site-identity = Your identity here
site-level = Identity level
site-seals = Evidence
site-no-seals = none released
site-verified-on = Verified on
site-lapses-on = Lapses on
site-subject = You are known here as
site-notice-not-signed-in = You are not signed in at the identity service, or it needs a word from you first.
site-ended = The identity service ended your sign-in here at { $time } (Beijing time).
site-level-fell = Your identity level is { $level } ({ $name }) since { $time } (Beijing time), as the identity service told this site. Sign in again to go on with what is true now.
site-footer = A sandbox: every person and figure is invented

## Home.
home-lead = Register once, be recognised everywhere. What you can do here depends on how well you are known.
home-check-session = See whether I am signed in already
home-services = Services
home-open-to-all = Open to all
home-needs-level = Needs level { $level }
home-files = My files at the provincial records office
home-about-title = What this site learns about you
home-about = Only what you agree to: a name for you that is used at this site alone, your identity level with its dates, and your name and phone if you allow it. Another city knows you under another name.
site-home-title = Start page

## Services.
service-caption = Details
service-guide = Guide to services
service-guide-about = What you need, where to go, how long it takes. For everybody.
service-guide-row-1 = Residence permit
service-guide-row-1-value = 5 working days
service-guide-row-2 = Registering a birth
service-guide-row-2-value = While you wait
service-guide-row-3 = Registering a trade
service-guide-row-3-value = 1 working day
service-guide-row-4 = Senior citizen's card
service-guide-row-4-value = 3 working days
service-bills = Household bills
service-bills-about = Your water, power and gas. Needs your real name.
service-bills-row-1 = Water, this month
service-bills-row-1-value = ￥38.60
service-bills-row-2 = Power, this month
service-bills-row-2-value = ￥126.40
service-bills-row-3 = Gas, this month
service-bills-row-3-value = ￥52.00
service-bills-row-4 = Together
service-bills-row-4-value = ￥217.00
service-provident-fund = Provident fund withdrawal
service-provident-fund-about = Draw on your housing fund. Needs your identity confirmed by a second source.
service-provident-fund-row-1 = Balance
service-provident-fund-row-1-value = ￥84,210.35
service-provident-fund-row-2 = Paid in each month
service-provident-fund-row-2-value = ￥1,860.00
service-provident-fund-row-3 = Can be withdrawn
service-provident-fund-row-3-value = ￥42,000.00
service-provident-fund-row-4 = Paid to
service-provident-fund-row-4-value = account ending 0014

## What the records office has.
file-records = My records
file-records-about = Residence, marriage and driving entries, from the provincial records office. Needs your real name.
file-records-residence = Residence registered
file-records-marriage = Marriage registered
file-records-driving = First driving licence
file-tax-file = My tax file
file-tax-file-about = Your income tax in one place. Needs your identity confirmed by a second source, and a recent sign-in.
file-tax-file-income = Income of the year
file-tax-file-deductions = Deductions
file-tax-file-paid = Tax paid
file-tax-file-refund = Refund due
file-caption = Details
file-shown-level = Identity level shown
file-shown-time = Signed in at (Beijing time)
file-shown-token = Access token
file-token-jwt = signed, checked on the spot
file-token-asked = checked by asking the identity service
file-token-bound = bound to this site's key
file-recent-needed = The records office wants you to sign in once more, to be sure that it is you

## Levels and evidence.
level-0 = Registered
level-1 = Real name
level-2 = Real name, second source
level-3 = Real person
level-4 = In person or certificate
level-unknown = not stated
seal-phone-sms = Phone by SMS
seal-email-link = E-mail
seal-population-register = Population register
seal-mobile-operator = Mobile operator
seal-bank-card = Bank card
seal-social-security = Social security

## When the level is too low.
level-needed-title = This needs a higher identity level
level-needed-needs = This needs level { $level }: { $name }
level-needed-have = You have level { $level }: { $name }
level-needed-have-none = You are not signed in here
level-needed-advice = Confirm who you are at the identity service and you will be brought back here. Nothing is lost if you leave it for later.
level-needed-raise = Raise to level { $level }

## When something went wrong.
problem-title = That did not work
problem-again = Sign in again
problem-code = Error code
problem-other = The identity service did not complete the sign-in. Nothing is lost; please try again.
problem-access-denied = You chose not to share your details, so you are not signed in.
problem-state-mismatch = This sign-in was used already, is too old, or began in another browser. Please start again.
problem-issuer-mismatch = The answer came from another identity service and was refused.
problem-provider-unreachable = The identity service cannot be reached just now. Please try again later.
problem-login-required = You are not signed in at the identity service.
problem-no-token = There is no permission to read your files. Please sign in again.
problem-records-refused = The records office did not accept this site's request. Please try again later.
problem-records-unreachable = The records office cannot be reached just now. Please try again later.
problem-not-found = There is no such page.
problem-foreign-form = That request did not come from a page of this site and was refused.
problem-invalid-start = The request's parameters make no sense.

## Signing out.
signed-out-title = You are signed out
signed-out-everywhere = You are signed out here, and the identity service has ended the session.
signed-out-here = You are signed out here. The identity service did not confirm that it ended its session: on a shared computer, close the browser.

## For developers.
developer-title = For developers
developer-lead = What this site received, with signature, issuer, audience, nonce and times checked.
developer-nothing = Sign in, and the token is shown here.
developer-raw = ID token as it came
developer-header = Header
developer-claims = Claims
developer-userinfo = Userinfo
developer-response = Token response
developer-try = Try

## The world server.
world-title = The sandbox world
world-navigation = Pages
world-lead = A population register, further registers (bank card, social security, provident fund, driving licence, vehicle), an enterprise register, a mobile operator, an SMS gateway and a mail server. Everybody here is invented; the numbers have valid check digits and belong to nobody.
world-provider = The provider:
world-faults = Faults that are switched on
world-people = People
world-copy-hint = Click a value to select all of it, then copy. Any phone number will do: every message arrives in the outbox.
world-name = Name
world-citizen-id = Citizen id
world-phone = Phone
world-purpose = Good for
world-enterprises = Organisations
world-credit-code = Credit code
world-representative = Legal representative
world-api = API
world-api-outbox = Messages that were sent, newest first.
world-api-captcha = A captcha's answer, in development only.
world-api-people = Adds or changes somebody in every register.
world-api-faults = slow, hang, down, 500, redirect, garbage, wrong, refused, quota, empty, cut, huge, twice, none
world-api-journal = What each register was asked.
world-api-residents = Registers and verifies a test resident through the provider's own pages.
world-api-approvals = How a test resident's phone answers a device that asks to be let in: allow, deny or ignore.
world-further = Further registers
world-holding-document = identity card
world-holding-bank-card = bank card
world-holding-social-security = social-security card
world-holding-provident-fund = provident-fund account
world-holding-driving-licence = driving-licence file
world-holding-vehicle = number plate
world-purpose-match = match
world-purpose-leap-day = match; born on 29 February
world-purpose-middle-dot = match; a name with a middle dot
world-purpose-rare-character = match; a character outside the basic plane
world-purpose-latin-name = match; Hong Kong permit, Latin name
world-purpose-permit = match; Taiwan permit
world-purpose-mismatch = mismatch: the register has another name
world-purpose-not-found = not found
world-purpose-deceased = restricted: recorded as dead
world-purpose-locked = restricted: locked
world-purpose-cancelled = restricted: entry cancelled
world-purpose-minor = match; a minor
world-purpose-slow = match, but every register takes 4 seconds
world-purpose-unavailable = the population register fails over this person
world-purpose-operator-mismatch = match at the register, mismatch at the operator
world-purpose-made = made by POST /residents
world-outbox = Outbox
world-outbox-to = To
world-outbox-filter = Show
world-outbox-empty = No message yet.
world-outbox-open-link = Open the link
world-sms = SMS
world-email = E-mail

## The parties elsewhere: faces, payment app, bank, another province.
vendor-face-title = Live face check (simulated)
vendor-face-lead = This page stands for the camera: choose what it saw.
vendor-face-busy = Still comparing. Please wait; you may also go back.
vendor-face-passes = Passes
vendor-face-fails = Fails
vendor-face-cancels = Cancel
vendor-face-another-person = Passes, but the result is another person's
vendor-face-hangs = Never comes to a result
vendor-payment-title = Sign in with Changfu Wallet (simulated)
vendor-bank-title = Sign in at Tonghui Bank (simulated)
vendor-province-title = Unified sign-in of the neighbouring province (simulated)
vendor-sign-in-lead = Choose who signs in, and how this party is to answer.
vendor-person = As whom
vendor-level = The level that is stated
vendor-withhold = Do not tell
vendor-withhold-nothing = Tell everything
vendor-withhold-name = Not the name
vendor-withhold-number = Not the ID number
vendor-withhold-both = Neither name nor ID number
vendor-lie = Mistake or lie
vendor-allow = Sign in and agree
vendor-deny = Refuse
vendor-back = Go back
vendor-gone = This request is no longer good
vendor-refused = This request is not right
vendor-go-back = Go back to the site you came from and start again.

# Certificates

authority-title = Certificate software (simulated)
authority-lead = This page stands for the software of a USB key: choose whose key it is, paste the text to sign, and get certificate and signature.
authority-challenge = Text to sign
authority-flaw = Certificate
authority-flaw-none = A good one, for signatures
authority-flaw-expired = One that has expired
authority-flaw-encryption = The one for encryption, which does not sign
authority-submit = Sign
authority-signed = Signed
authority-signed-lead = Paste both into the page that asked.
authority-certificate = Certificate
authority-signature = Signature
authority-again = Sign another
authority-api = The simulated certificate software: signs for somebody; revokes somebody’s certificates.
