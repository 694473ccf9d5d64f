-- How people who died or moved away in or before the window stop counting.
        when r.left_on < %(until)s and r.left_why = 'died' and not (%(died_counts)s and r.left_on >= %(begin)s) then 'died'
        when r.left_on < %(until)s and r.left_why = 'moved' and not (%(moved_counts)s and r.left_on >= %(begin)s) then 'moved'
