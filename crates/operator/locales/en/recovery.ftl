# Recovery at the counter

counter-recovery-title = A person who cannot get into their account
counter-recovery-text = Compare the person with the document. The account is found by the proven name and number alone. A second member of staff has to agree; the person is told at once by whatever the account has. Nobody here sets or learns a password.
counter-recovery-phone = Mobile number that the person has with them
counter-recovery-phone-hint = It becomes the number of the account.
counter-recovery-code-hint = The person reads it out from the message.
counter-recovery-submit = Propose
counter-recovery-unknown = There is no account with this name and number that can be recovered
counter-recovery-proposed = Proposed. A second member of staff has to agree.
counter-recovery-agreed = Agreed. The person can choose a password now, under “Forgotten your password?”, with the mobile number.
counter-recovery-refused = Refused. Nothing was changed.
counter-recovery-gone = There is nothing to agree to any more.
counter-recovery-own = You proposed this yourself. Somebody else has to agree.
counter-recovery-taken = The mobile number belongs to another account by now. Nothing was changed.
counter-recovery-waiting = Waiting for a second member of staff
counter-recovery-none = Nothing is waiting.
counter-recovery-one = { $document }, new number { $phone }, until { $moment }
counter-recovery-agree = Agree
counter-recovery-refuse = Refuse
counter-recovery-link = A person who cannot get into their account
