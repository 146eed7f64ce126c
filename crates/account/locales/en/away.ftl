# Ways of verifying that lead to another party and back

away-agree-missing = To have your face compared, tick the box first; or take another way
away-again = Ask for the result again
away-roads = Other ways
away-counter = At a government service counter, with your identity document
away-cancelled = You cancelled at “{ $party }”. Nothing has changed, and it does not count as a try. Try again, or take another way below.
away-register-differs = The name and citizen ID number that were returned do not agree with the population register, so they were not used. Have them corrected there, or take another way below.
away-unavailable = No result can be had from “{ $party }” at the moment; this is not your fault. It does not count as a try. Try again later, or take another way below.
away-expired = You were away for more than 10 minutes, and the result is no longer good. It does not count as a try. Please start again.
away-used = This result has been dealt with already. See the page “Identity level”; start again if you need to.
away-limit = No tries are left today, for this account or for this ID number. Try again tomorrow, or take another way below.
away-minor = According to the ID number that “{ $party }” returned you are under 18, so you cannot verify your name by yourself yet. Please come to a government service counter with a parent or guardian; bring the identity documents of both of you and proof of guardianship. What was returned was not kept.
away-lost = It is not certain that this result belongs to what you began here, so it was not used. Please start again in one browser.
away-other-account = Another account was signed in in this browser meanwhile, so the result was not used. Please start again with this account.
away-signed-out = Your sign-in ended while you were away, so the result was not used. Please start again.
away-go-on = Go on
away-busy = Your return is being looked at right now. Wait a moment, then press “Go on”. If it was interrupted on our side, “Go on” works after two minutes at the latest. Nothing is lost, and it does not count as a try.
away-interrupted = The check did not come through: it was interrupted on our side just as you came back from “{ $party }”, and what was brought back can be used only once. Nothing has changed, and it does not count as a try. Please start again.
