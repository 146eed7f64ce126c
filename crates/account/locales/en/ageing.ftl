# Reminders before a level lapses

sms-level-lapses = [{ $service }] Your identity level “{ $level }” ends on { $day }. Some services will then not be open to you. To keep it, sign in before that day at { $page }. If you have renewed it already, you need not do anything.
