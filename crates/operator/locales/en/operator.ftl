# The console: signing in
operator-nav-home = Home
operator-nav-queue = Queue
operator-nav-counter = Counter
operator-nav-audit = Audit log
operator-nav-sources = Sources
operator-nav-operators = Operators
operator-nav-security = My sign-in
operator-list-separator = {", "}
operator-to-home = Back to the first page
operator-to-sign-in = Go to sign-in
operator-done = The change is saved.
operator-sign-in-title = Operators: sign in
operator-login = Login
operator-login-missing = Enter your login
operator-password = Password
operator-password-missing = Enter the password
operator-sign-in-submit = Continue
operator-sign-in-passkey = Sign in with a passkey
operator-sign-in-wrong = The login or the password is not right, or this login cannot be used at the moment. Check both and try again; ask an administrator if it goes on.
operator-sign-in-paused = { $minutes ->
    [one] There were too many tries. Try again in one minute.
   *[other] There were too many tries. Try again in { $minutes } minutes.
 }
operator-sign-in-busy = Many people are signing in at the moment. Your password was not refused: enter it again in a few seconds.
operator-code-title = Second step: prove that it is you
operator-code = Code from your authenticator app
operator-code-hint = Six digits that change every 30 seconds. Each works once.
operator-code-submit = Confirm
operator-code-passkey = Use a passkey
operator-code-unreadable = Enter the code of six digits
operator-code-wrong = The code is wrong or was used already. Wait for the next one and try again. After several wrong codes in a row the login is locked.
operator-locked-title = This login is locked
operator-locked-text = There were too many wrong codes in a row. Ask an administrator to reset your sign-in.
operator-confirm-title = Prove once more that it is you
operator-confirm-why = Before sign-ins and operators are changed
operator-home-title = Console
operator-home-roles = Your roles:
operator-home-nothing = Nothing waits for you.
operator-home-number = Number
operator-home-oldest = The oldest waits since
operator-home-links = Links to enrol, last 30 days
operator-home-links-text = If you do not know the reason for one of these, ask the colleague at once.
operator-home-invited = { $at }: { $by } added { $about }.
operator-home-reset = { $at }: { $by } reset the sign-in of { $about }.
operator-by-command = the command line

# Passkeys
operator-passkeys = Passkeys
operator-passkeys-hint = Sign in with your phone, computer or security key, without password and code.
operator-passkey-title = Use your passkey
operator-passkey-text = Press the button and follow what your browser says.
operator-passkey-use = Use the passkey
operator-passkey-wrong = The passkey was not accepted. Try again, or use login, password and code.
operator-passkey-new-title = Add a passkey
operator-passkey-new-text = Give it a name, press the button and follow what your browser says.
operator-passkey-name = Name
operator-passkey-name-hint = So that you recognise it later, such as “office computer”.
operator-passkey-make = Make the passkey
operator-passkey-add = Add a passkey
operator-passkey-remove = Remove
operator-passkey-used = Last used
operator-passkey-not-made = The passkey was not added. Try again, or use codes.
operator-passkey-last = It is your only second step and stays. Set up codes or add another passkey first.

# Enrolling
operator-enrol-title = Welcome, { $name } ({ $login }): choose a password
operator-password-new = New password
operator-password-new-hint = 8 to 64 characters with at least two of digits, letters and symbols.
operator-password-again = The new password once more
operator-password-differs = The two passwords differ
operator-enrol-factor-title = Set up the second step
operator-enrol-passkey = Use a passkey instead
operator-totp-step-app = Open an authenticator app on your phone.
operator-totp-step-scan = Scan the picture, then enter the six digits that the app shows.
operator-totp-picture = QR code for the authenticator app
operator-totp-cannot-scan = You cannot scan it?
operator-totp-spelled = Choose manual entry in the app and type this key (time-based, 6 digits, 30 seconds):
operator-totp-code = The code that the app shows
operator-totp-submit = Confirm
operator-totp-wrong = The code is not right. Check that your phone's clock is right, and enter the digits it shows now.
problem-operator-link = This link cannot be used any more
problem-operator-link-help = It was used already, or its time is over. Ask an administrator for a new one.
problem-operator-not-allowed = Your role does not allow this page
problem-operator-not-allowed-help = If you need it for your work, ask an administrator.
problem-operator-oneself = Nobody changes their own roles or resets themselves
problem-operator-oneself-help = Ask another administrator. Your own password, codes and passkeys are under “My sign-in”.

# One's own sign-in
operator-security-title = My sign-in
operator-password-title = Change the password
operator-password-current = Current password
operator-password-current-wrong = The current password is not right
operator-password-submit = Change the password
operator-codes-title = Set up new codes
operator-codes-have = Set up. When you change your phone, set up new ones: the old ones stop working.
operator-codes-none = Not set up.
operator-other-sign-ins = Other sign-ins
operator-other-sign-ins-text = Ends your sign-ins in other browsers.
operator-end-others = End the other sign-ins

# Operators
operator-operators-title = Operators
operator-to-operators = Back to the list of operators
operator-name = Name
operator-name-hint = As colleagues read it, and as it is written across evidence.
operator-name-unfit = Enter a name of 1 to 64 characters
operator-login-hint = 2 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter.
operator-login-unfit = This cannot be a login
operator-login-taken = This login is taken
operator-status = Status
operator-status-invited = Has to enrol
operator-status-active = Can sign in
operator-status-locked = Locked
operator-status-disabled = Disabled
operator-roles = Roles
operator-roles-missing = Choose at least one role
operator-roles-submit = Save the roles
operator-role-reviewer = Reviewer
operator-role-reviewer-hint = Decides cases and serves people at the counter.
operator-role-senior-reviewer = Senior reviewer
operator-role-senior-reviewer-hint = Confirms what colleagues propose, and decides what no source can.
operator-role-auditor = Auditor
operator-role-auditor-hint = Reads the audit log.
operator-role-administrator = Administrator
operator-role-administrator-hint = Manages operators.
operator-since = Since
operator-language = Language
operator-create-title = Add an operator
operator-create-submit = Add and show the link
operator-link-title = Link to enrol
operator-link-text = { $hours ->
    [one] Give this link to { $login } by a way that you trust. It holds for one hour and works once.
   *[other] Give this link to { $login } by a way that you trust. It holds for { $hours } hours and works once.
 }
operator-link-once = This is the only page that shows it. If it is lost, a reset makes a new one.
operator-vouch-text = Whoever makes a link vouches for its owner. For decisions that need two people, you and everybody whose link you made count as one. Where there is one administrator, let the links of the others come from the command line or from a second administrator.
operator-link-until = The link holds until
operator-proofs = Proofs
operator-proof-password = Password
operator-proof-codes = Codes of an authenticator app
operator-proof-passkeys = Passkeys ({ $count })
operator-own-page = This is you. Another administrator has to change your roles.
operator-last-administrator = Somebody has to be left who manages operators. Add another administrator first.
operator-reset-title = Reset the sign-in
operator-reset-text = Takes away password, codes and passkeys, ends every sign-in, and makes a new link to enrol. For a locked login or a lost phone.
operator-reset-submit = Reset
operator-disable-title = Disable
operator-disable-text = Ends every sign-in at once; nobody signs in with it any more. What was done stays on record. Only a reset at the command line brings it back.
operator-disable-submit = Disable

# The audit log
operator-audit-title = Audit log
operator-audit-case = Number of a case or an account
operator-audit-case-hint = Shows this account's entries only. Looking is itself an entry.
operator-audit-case-unknown = There is no such number
operator-audit-event = Event
operator-audit-event-hint = Such as operator_signed_in or evidence_recorded.
operator-audit-event-unknown = There is no such event
operator-audit-from = From
operator-audit-until = Until
operator-audit-day-hint = Such as 2026-06-01. The last 30 days if nothing is written.
operator-audit-day-unreadable = Write the day like 2026-06-01
operator-audit-search = Search
operator-audit-nothing = There are no entries.
operator-audit-at = When
operator-audit-account = Account
operator-audit-client = Sub-site
operator-audit-request = Request
operator-audit-details = Details
operator-audit-older = Older entries

# Sources
operator-sources-title = Sources
operator-sources-none = No source is connected.
operator-sources-now = Now
operator-sources-source = Source
operator-sources-state = State
operator-sources-works = Is asked
operator-sources-rests = Left alone after failures (this node)
operator-sources-price = Price of a question
operator-sources-today = Today / daily quota
operator-sources-no-quota = no quota
operator-sources-spent = Cost of 30 days
operator-sources-by-day = Use by day, 30 days
operator-sources-unused = Nothing was asked in 30 days.
operator-sources-day = Day
operator-sources-asked = Asked
operator-sources-matched = Matched
operator-sources-denied = Denied
operator-sources-unavailable = No answer
operator-sources-cost = Cost
