using System.IO.Compression;

namespace Puna.Engine.Text.Normalization;

/// <summary>
/// Unicode 17.0's canonical combining classes, decompositions and compositions, packed: about 7 KB, unpacked when a
/// tokenizer that asks for NFC first meets a character from U+0300 on. Hangul syllables are arithmetic and not in it.
/// Packing: base64 of deflate of LEB128 numbers: count of runs, each (first code point minus end of the run before,
/// length, class); count of decompositions, each (code point minus the one before, 2 x length + 1 if it is also the
/// composition of its parts, the fully decomposed code points). It was made from JavaScript's
/// <c>String.prototype.normalize</c>, an independent implementation: the class of a mark is the class of that mark with
/// which it never changes places.
/// </summary>
internal static class UnicodeData
{
    private const string Packed = """
        XZppVFVXlsff3u+ee98FMxQah9gt6UpVr67u/pBaq9pa1TVSSkUqRqpUKpX0h5ZOaEOiklJJol0DID5RcEBFRFQEVHjBCRTf
        QxEQBQTnCRCJA+JD1Digxlk7/33vfcZaS39nn3P33mc+Z5+nS90p+itBctElcmmdVkrt5FKd5OIWqwxpeCe5lJV1B4kJf2+Q
        i4LkcltlLu4kQipubJfsyL3k4svPpy8EaQmrIM1l6iSXBi3bE52xZD1ILh0NsL+x863b9hrmonAX9XPRCy560UUvuehlF33H
        RREu7u+iAS56xUUDiQYRDXbRECLLD1HEKA/EYS6KdNFrb9BQF/2Di/4xVOKif3LRd6U+9EB9u/5OepleTzCCxE6TMRgcJPqW
        yuv0vWH0vJWkbns8QuPi9Phb+b9POUhryHhWaFInDdaCRGZQBpxUkP7N3Uk/dSrQgvSvaDLm8MXn2xVK3U5jnK67v6Vg9/ln
        ZLxMpvtb7ZgoJW9QkH4u0pRv8W+OYNB4F/1XgsiT2XyZzD9DmOgi8wXt40n8qQgzR3MnDZXZwN92+jGlkovSiCidlJZGDFma
        ayL5BXXSJ2QQm2Opkw4rd5C2GWwOI3MVkRlGQdpP1E0LSRaI1eTTzoy/SeYAD5ZsJ72hnl9UxM93WroaYaWs23mZ6cs0ioyX
        yPxnZ0CMIA1n8z/JCGdzBBnLZTLI3jvPNgIZpFEn6RQkNwepkfiZ/bM5waZotee4hVzfdzZQt13W8WwjfWtxHFHSdKuFbnGl
        ST3PLyMONebJIHeQ5hOZE14L0heauO22t/0ZcvE5SmTPiSsYOC0sSK9xkH7HQVrKZH6fzFwic2hEkH7i7qTvk/nfZPQj8zqU
        nU5hIyjZDEH6EZlfE5lbVhO9mqqjt4bV24MGdVIXJj4Hi3fxC7IEgvQv0mbxo5G5zpm9XZoWpCgVpF3w/racM530G/67vaN1
        0g//bu/UEZk/IPNFMn9CpouMaHeQ3mDzF2SMJtMk4yMprSAyXGT+jrFiBxtBcqsgves2/4TFbwyiIL0veg9Jkr+S+akI08ic
        zyKlMZsaGSuJzHFkRpD5ezLXuclMY1mxvyfT52bz6iwis66/op8aQaoyWd+QR0SNP+B2zJ2busil2snj6SQci1iQw7QgLcWy
        2jnUCBJ9J0hsWGONcfuA7JPhLs7jn2tBeuTmS6EBeOKM3y0i68g2MDkUpA630UmTZXEbhS/XkYpK0UlFpQJpwCwgA5insxpR
        opOKhko0VKKhEo2vMSiLQVkMymIydFZjYBuLD7H4EIsPsVKWobtVHD7E4UMcPsTBy7upulvF40M8PsTjQzws4vE1Hi14Hy1I
        gEoCVBKgkoCviShLRFkiyhLRgimwTcKHJHxIwockKUMLkvEhGR+S8SEZXmak6qxmSH/TUSUQ5YUERJVCAkbA7H1gBGzfB0bM
        gQSMyIIEjAQ+yNLdKhquEoBouEoAoqGcAETDaQIQDYsE4E04nQi8CeWJwJtQngi8iYGYCIyCyodpulvFoG+JQAwqSgRiYJYI
        xMB9IhAzR9fUb2H2EfAWvHxcorMajR5NAkajbBIwGm2ZlKUrNQYfpgBj8GEKMAZfp2TpmopFbUlALGpLAmIzIWXqbjUWZlOB
        sTCbCoyF7VRgHD5MA8ahQdOAcVCZBoyDyjRgPLLTgfHITsfAxqG/yUAcKk8G4lB5MhA3DxIQh7YkA3EYg2TgHVT0GfAuMEMk
        zP57aMtM4D0M9kzgPVQ5M0v/rorNR7fy9RdVHKTkfP0fVRS+xgMxQCIQCyQBcUBylk5GXIaerpORbCXfLPtUK5dq5bKsnK2Z
        YuVSdDaiLIN4K4maY+UkUY0EBildd6s3UdNE4C3gY2kH+ppUqpMRWyp2SZIovxtfFyvwI8zhm+jxROzCMdgcU1B/1DxpW7wk
        qpFSpSqwXXhPGLUQ3QeisiEB0cgmANHIJgAxyCYCMcgmArHIJgGxyCYBY5GdCoxFdioQh2wyEIdsMjBuPdYGMB6Yvl53q1Ho
        z4dZuqGiMG/xssHk3CjBEFgjmGQlsbOsnCQqFqpJc1BuDXCSNcDvAjPS9fnMKTpxqs68RCcNs/YGV6kw/qmhSmUcso1UndhP
        pHIgqVxhnoFzpUC4Tkp8oFFlwMWrKs/AolsnLJfvlUK/sEp0G2zdKtFqENbK9wZhs5GqK3VM5GNGhv7vKseDSczx4Chc4knV
        NeX1ZOhKrfBAZ7l8LfZ49XC13OPVX1MBj1cfpCqlvFKstopVq1jtEKuAfN3j8eqD1W0P5uKOZ6H+W7XMg9223ePVX1SLRN4i
        XOTJEBkHbo6UVHq8ulu1myg/JVwmOtuFuUK/6C/3pEuN6dLaDJHB1cIa0bkkHnqFG6X8oLBYrPYIi6Vkj12eKTJYIiVN4qdM
        5P2eDN3HqqTf8X6kSvqd6Edqn7Ck38l+pFr6nei3gtTJF070Y7X7hRP9vqOOvXCiX6umSiOqIzxqS0R1hFttjaiO+J6WE1Ed
        QdoyYa5wpbBQWCQsE26OqI6YpJr61/Qn1dS/rf/LWmH/6v6kFfWv7s/a5v7V/cdrFQOqB7i1wIDqAa9rywZUDyAtV7hSyssG
        VA+4TKppYOtAt2oaWDMQctvAl7XCgdUDSSsaWD3wx2rxoLZBw1XjoJpBpJqEjYPaBv1ZNQ5uHfy5qh1ycoihGoecHEKqcUjr
        EFaNQ+qHkAGeHPI31fhqzaukmoSNr7a9uoDUqaEtQ1mdGnp4KBlgy1CUnR16kbX6Yf7IMO3AMH+k0o4KW4Wnh/kjX9DqhlVG
        hmk3h/UNY+3msNvDSKuITIlkbWtkSqSp3RyWEhmhLY6Eh5WRsCoUrheWRcLDosjKyMlq3WubXjv3ipo9vHI4qznCucJM4fzh
        lcM1lT28cvgP1A4pqR5eOdytaoZXDidVKyX1wyuH71Iqah3OCeDXOAH+B/h1MSTg1+WQynUyvol/sBXfl0SNhNoHwEiofQCM
        hO4HwEicOB8AIzdC2vjNHo5OlyM9wUq+CQlSrZwEU9BKAKK3QNoCjRLdCw1J1G9Q1f/K5Y9lPREYheyHwChU/yEwCkv5Q2AU
        qv9QgoRNkIAYeE+E9xjr1kmURL0FfCwSnHwMvIWOfAyMRnZSsU7G6GI5GSdJokbj4yTRQNMnAW/DyWTgbTRsMvA27CcDY5Cd
        AoxBdoqUwcEUYAwcTNloncyp1smcauUyrBySWGsAk6wk1hrHJGscfwd8IhIq+QQYC0wVCdVNRT/GWv2YavVjLCqfCoyD2jRg
        HHSnQXdcqo5LYZqVjMuyclYyrtjKSaLGA9NFgvV0YDzcTgfGo3fTgbi1uMGAOMxHMhCHD8noe5zV6WQriUuXTidLov6AUOdT
        4A9w/inwDg7lz4B30PHPgHeg/BnwDprzGfAOlD8D/ojs58AfofK5hN/IzpBQB4HQTOA9KM8E3kMHZgIfSn/EPQKrGYjLn/Ic
        XakoKMYDUXMhzUX8kGbFD1YSlSZTFm8lUWn6XCtna86yckiiivU05KzkmyBcvFhJlNfyYiVRXsuLlUR5LS9ex4vX8iIBN5qW
        AESjfQlANIYyAbrRVhMTrCTaamKClURbTUywkmiriQlWEm01MUESFQOniUAMKkoEYoEkkfAhCT5irWqSrCTWqibJSmKtapKs
        JNaqJslKYq3akqzkm1BUvFhJbL7lxUpi8y0vVhKbb3mxkth8vdjKoVVxQLJIaF8y9OMsl8lWEme5TLaSOMtlspXEWS6TrSTO
        8pxseX4Xi3IG8C6yM6QMdcwA3sXYz5ilG6rcWCKxz1KdDMgpki610yXSBuRT7Xy9na+XmGuJELbZtm22bZtt22bbttm2bbZt
        Wym2lWJbadtW2raVtm2l2LpVjujmiG6OrZtj6+bYujm2rl90/aLrt3X9tq7f1vXbbfLbbfLbbcoV21yxzbVtc23bXNs217bN
        tW1zbdsqsa0S2yrbtsq2rbJtq2zbKtu2yrbNE9s8sc2zbfNs2zzbNs+2zbNt82zbWrGtFdta27bWtq21bWvtsSkQ3QLRLbB1
        C2zdAlu3wNZtEN0G0W2wdRts3QZbt8FuU4PdpgZpEyLtpTob60TbSlPttF7i5SVCeG62PTfbnpttz82252bbc7Nt6xNbn9j6
        bFufbeuzbX22rc+29dm25UaKTpoT5UN2Yn3ITsQPWeJ+VSuyE+lDduJ9yIj63bIjGuwd0aCTae0gS1oaktAupyw1VFYfKhNJ
        dkiDvUPwJTvkKzvkKzvkKzvkKzvkKzvky2/78tu+/CFf/pAvf8iXP+TLH/LlD/nKtX3l2r5yQ75yQ75yQ75yQ75yQ75yQ76a
        bV/Ntq/mkK/mkK/mkK/mkK/mkK/mkC+f7ctn+/KFfPlCvnwhX76QL1/Il8/xpcoNrzBd5jLFLrNmFlasyg3r5LP0s0U/G/oq
        W9aDvD9VttGgM1cZblVK1sli+fIb1mxYvvyG9c3ylSP2zqsVcq4t42vtL1OEsiJ/aZ00XmG6/Y5N0Um33rNuVWXU26XWueIV
        pgvh2XoPPxGfT8TnE/HZIJoN4rPB9mm9e0ntlj23G3tONRj1tka9vJu9wnQh/Ftv7ELRLSWUyOucJ7iNZnsomg1rAVhD0WxY
        29saigJxUmA/1CH7bLlBJ95Gbk77FfGsX61j9hkav0Va1Dw9SS0aEcDPKSMCen+1dERAj1RHpOSE8NiIgP4fatbIgK5UxsiA
        7laZIwP6YFU8MoCzamRAH6qqpXyPsEHK940M6IPUzyGeHxnQw9XBkXD2M+AXQLfkL4pJn8i3RP5a5LsjA7qhHoj8UMrToiHP
        iobsFXlOdEB/XRWJXCr0CcuiA/oP1SOxfSzMlvLF0fBZIfJW4TZhZXRA/xlnTCCeO6HiJe3LuIB+I0ztn5AXz+qg8LDwqPC4
        8KSwTXhKeFr4pfCs8PyEvHi36hY5KLw0IS/eUNcn5MWTuj5hRTyrPpH7RL4j8h2R74l8T+SHIj+csCJ+kGqckBcfplbF58W/
        qMri4XOjcLOwXLhVWCn0C6uEO4W7hLXC3fFo4V6RG4X74tHCw/Go8XA8aj8m8jGRT4p8UuR2kdtFPi3y6Xi0cL34vC4lN4Q3
        hX3xefGaevxNLWmL3LxvORPfPkjELauYeF8eEx/9kogrVhLxxRIiXlnLNo5WEPHRYiaeU0bE+5D9eg8R914l4tlPibg2i4l3
        LGTie9lMvLCQidNOEHF+BxGfOk/EZ3qIeFcGE18uYuKbW6GyiojvrCfi9FYodxPxRrhaXc3ER3YQ8ZWzRHwwk4m7FzNxcwMR
        t89i4oJFTNyyi4hzDxHxZVT06CIRH0Ll3gIi9hej3nVEvLeZiI+fJOJFqKPnKyJOTYEeausEruczccUmSNuZ+MFOJs66ScRP
        +4h4zUMibp7DxOnrmfgp2teaw8Rny9H6GiI+d4+In8BpF+pogW09BvbuRiZuh15XgIiXYFw6ThPxwjNEvPkBWvqIiPdvYOJj
        aG5mKlqF1h8AVt4m4hq04CZacAd6KblMfBijIeP8BG2pwuT1+Il4cR0Rz8GI37iMEcIQP0SDajEuvloing/lA6eI+F4LEReh
        GXsw8We2YHCuob+YrS/geUcbEW8pYOIMWDxBvRdnM/GaJkioYxPmsrcIZmhz6lG05T4RX09Ht+DlMNbQHXSwvpSIb2EhXcUM
        NuyHU8z0FxjsjWVYJduYOHcXEx8C8mHWiBV7F0ulazUWcDUmFCsxZS8Rr8AkF2NMm7uIeG4vZuEWEd/G0F3HzKyH2bW5TFy8
        BssHc5m7FmZwv8uH5Y3FWp/t9LwZ7buDAXvYiF5iIGow03fwz2jd6PT9jc6w79iJ2cLYV2Dsey+hVdgfjah821om/hqLYR+W
        2fItTJyJ+diERm7D4ATw9fxuIvbCc0chEV+D51qsnLz9znQfuoBGYvs9QmceoTPzsVczMEKbsEDmokcPsTVuHSbi3dgfK7HF
        56JVpzBlV25g/B7InDPxV5i8TRjJe3BQtgZVYg9exmL9AkOXiYHYW48ldcRZYV602YdBXIhZvShr/AAaicpLsQ4uYtF4UW/X
        FQzYEyI+jCE+DxxAz7vgpRbrdAcauQqujqCXyzGND3AAFEOlLYC9jxWRi27tR9Mu4TzYfwfb9Gssfqy6OhwFeZjL9mVMXIfh
        3O7FUkZL5wDrMbXHsZRbYTEb47waw7QNg7gT/T2AQ+YgRiNzCRMfh0UdhqmujNzcsYWYbx8gN5/Bkv8CK6IFR0s1VvEZ4CKw
        EPPbijmvQUW7nhLz4ixmvpfDbg5g8h4XssbXyzGXQGkF1guOoDM4zfzo+SYslR6siIOyyzC/3cBRjNoqHM3eDRgNoA6buBRn
        Tjfm4xqwFOvqEiZvAfZMH3AYe78L6yobnZ6N2bqLMViB/9hQhM10DZupDEdaEWYwG8dIDbrVDOwDjgCtwJfAfPR3AVCHkysV
        M1N319mIc3HW7Qb6sA5mY2t8hRm8n+6gDQfPIpz3yzDsqZjBKuA4ztOMFUy8HYeRDN0FDM7TzUy8E6v4Drbftdkm8fJ0dvN6
        HHOVmJ5LGLUUDGKDSChrwvg9WOeM38kvsGggdQEdGMStGMS9OKpOAF3bMLDbifgYFsMpoBfH/0ZsjXYM8SEMcUZonM/VO4O9
        DXtrL07MlfvgAGjFBNw+4Fxj+UArcB/HnJy7snVPY1fs/9KZlNXnnJkpuY4OYno2X3QW4U1MlBdbfCewCgdFwVVndZ4GbgMt
        OOXrgAOY1fLQRD3ECXf6gTNlNaGJOoYtdB230P0FTLwbc+Rd4kxULU7Me8D+HGfe5Gb6KseZwXm5zgwGsMH6MIN5OAC+xun4
        aIMzobJdTm92pjZzizO/i7c7cUnLEQ/xXuBkj4d41WfEy1OIuApoXmsSH6kyiY8/Non31DDxgloeqZ0K3xbOWl+4Pzxc6w3f
        HU5ab3h9OOm94dXISVofTtqRcL8wIKwOJ+2o8JjwuPCE8KSwNbw6nLV2kU8JO4SnhZ3y9YzwnJScF/mCyN0iB0XuEV4S9gov
        27VUSRtqxWetWNWGPxygjmVqc/ShqgPJ9ldUXqG2o1BjlS/pS2qdpLNIlRdpJUUaqQpJV2qqab1Ws14jpG3rtR+rtBKtuURj
        lV6i7SzRTJVZotWXaG61SMp/pOolz0gDJRohbS7RbpGq8mk7fJqkW3waI93l0x6RCpRpm8vwQdLHuqqs0LZUaL0LSa2uxx9J
        fXZagNRnp6vr1Zp6RYalV2CLvmeipVA3WPV04A+pC1ZqWGlPh7rdRFpbkXGxyCCt3Up1K732TLz+TLzxTLz5TOwrMt7Rqoot
        NzusVLfy4mbHM9Eqvf6s9HqRUXdA4104gwLAbqAozUN8bjXZR/pOIA2X7QO5cQudY/4wsDqReEeWxz70TwDdwF1g5TwPcVUi
        cQ9y83Gi7UdRLqS1Ej/i3ttQ7JyBZ4vDiO9AmoUb8Gwi8U4IjUAfcBfI+cg+Gp9dMnJIzsZN413vRJTN653bpwO4BTwGnj6P
        DUs9xDdwYrUgwDwLXFjmIb4C6SbgxX2/GvFXANI+4BJQhLKvgUU4nI8DF4D0MgdyYJcBW4F6YNkm5zrMhXQU0u0Nzs1/DWf6
        oc0oA+bjnM+EVAGpHNggd6fPQ9wH6S7gxQWwAiiSqwAo3eghvgxc3YrzG9dDCdCObBDStcnEjyYTZ+DWqAlh31YP8R4EHe1+
        J4C8BSzf7iF+CsmLa/s4bpciSKlJxOdC13ldFZoOdO+EJ0RqQUjX5N0EPALOIyjtAjZ/QvwYQikC511AL9D1CfGsPR7iR58Q
        b8GNthXYDsgLa3FTGPETSOWNHhupuKiLpG1A05+IAxc9xB17TOIuFF0BLvyJeAWuxoNAG3AfSMVNuWMq8cqpdmRy4qCHuAnS
        PtyYB+qdq1SkB6H7tAJYC2wGzoRiGXmTLsIdmw98CZQjvDsBHEH4ntXqId4F6RHKLkGahQu5G7jZ5iEuwq3cgKwP2DSduBdF
        T4BVeGLchXR1uh08XQXmnfMQX0AYdQ9hVDPu87xP7aAq41Pi7mTixdh3OUAKLviV+LYRL71Tc567/guBM8BxYA8ut+ZPiR8g
        4J0NHDvixGpfXfIQL4BUgLKlx8i6COshFB9H8A6U4ulb/JWH+DSk5Z8TFyK+KLnpIT4B6dDnxH0QCtqcuGMnMP+Ohzhzh4f4
        AaRD7Qhv73uIaxHTHwR6ULYMQUpNhxM+SszSC9wDZiNMX/3AQ7wN2c0ILq8BW2faUU0TcPSxh/g+dK8hyDnzBJ176iFuxNuw
        6pwT+OQDy/6PuAXCY+AusBHx/jqcgA0IjS6km8Qr8Ygom2MSl3Y7kdIRICPLJE5BzJQDVC4wiZcuMokfIITKxNNmw1+I10EI
        /MX624TAqvOSE2LNlicmkP9X4rWItbYvN4lrIC3OM+3ndwH21iLEX4UFJnEA2LvGJH70N+KMFCcau1VoEvcBeUUm8VZgNYKz
        ghAkYJP4JvO6PCsxDqnyXjKJD+E9J79ZSDh3AR/WbzDt0HzFRpO4AZD3yBVgc5oTpLcAh4FHFSZxSaWDawgK09IxiH6TuBHh
        YTNQgrIURFjH8KpZMxsbCtIFIAXBo7fWJL4AKdWLOUYsmYbIvwHYhrLSvSZxE3AK2VMNmACEmzWNJnEOHs8PnjrRZ0ezSVzc
        YhKfQ7Z0P0YY0tkgokBsowpsqFlpCBkz4AVSZSWae9gkrgSWYEOt7HHOsHRgNZ4TV2CRjZ81MoFVwFbce+UiAbuAIFDdatq/
        gaxCTHwB2IjAuBjSLkg9c5y3zHGUtSB7AOgEtrebxFc6TOKTp0zisnlYVXjN3wKWzYNFj0ncDWnDGZP4S6icB8rPYtjPwwGy
        R0K/YvUAvYBvPgJtYAEi9a75TsxeClwBvPjBri0TTiGl4rF7H9lzkC4APVdN4ja80s8AlVmYD0g7E4k33cR/rO/Dgp+P6QXW
        hMJ9ifRP4ofG0vvoH55uu4F8RP93gc1PTOL0RR7i/fj1rRq4kS+V4Vxa5bwSjmWGEX8FLMVz+CaQjV8RNy0II86HFMDzoW0d
        fmkDHiF7v4SJc0rxa15uGHEmflbKWYKf28qkBWHEQWT34MFRgYuxGK+OhqIw4hVrw4ivLcW1ApzDI2ReaRhxRQ72nC/MfpMI
        fMD2sjDiLrzety7D7YEnfAl+5awHngCHcvEz2vYw+xVTh98yHlfhQx7OcqBnB7K7w4jvITu7Pox4wd4w4uyGMOKd+OGjdQUu
        UUhPgNl42iwElgE7gZQDYf8P
        """;

    private static readonly Lazy<Tables> All = new(Unpack);

    /// <summary>Canonical combining classes other than 0.</summary>
    public static IReadOnlyDictionary<int, byte> Classes => All.Value.Classes;

    /// <summary>Full canonical decompositions.</summary>
    public static IReadOnlyDictionary<int, int[]> Decompositions => All.Value.Decompositions;

    /// <summary>Primary compositions: first code point times 2^32 plus the second, to the composed one.</summary>
    public static IReadOnlyDictionary<long, int> Compositions => All.Value.Compositions;

    private static Tables Unpack()
    {
        using var stream = new DeflateStream(
            new MemoryStream(Convert.FromBase64String(Packed)),
            CompressionMode.Decompress
        );
        var tables = new Tables([], [], []);
        var point = 0;
        for (var runs = Number(stream); runs > 0; runs--)
        {
            point += Number(stream);
            var end = point + Number(stream);
            var value = (byte)Number(stream);
            for (; point < end; point++)
            {
                tables.Classes.Add(point, value);
            }
        }

        var composed = new List<int>();
        point = 0;
        for (var count = Number(stream); count > 0; count--)
        {
            point += Number(stream);
            var length = Number(stream);
            var parts = new int[length >> 1];
            for (var i = 0; i < parts.Length; i++)
            {
                parts[i] = Number(stream);
            }

            tables.Decompositions.Add(point, parts);
            if ((length & 1) != 0)
            {
                composed.Add(point);
            }
        }

        // A composition joins the composition of all parts but the last with the last one; shorter ones come first.
        foreach (var whole in composed.OrderBy(whole => tables.Decompositions[whole].Length))
        {
            var parts = tables.Decompositions[whole];
            var first = parts[0];
            foreach (var part in parts.AsSpan(1, parts.Length - 2))
            {
                first = tables.Compositions[((long)first << 32) | (uint)part];
            }

            tables.Compositions.Add(((long)first << 32) | (uint)parts[^1], whole);
        }

        return tables;
    }

    private static int Number(DeflateStream stream)
    {
        var value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = stream.ReadByte();
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private sealed record Tables(
        Dictionary<int, byte> Classes,
        Dictionary<int, int[]> Decompositions,
        Dictionary<long, int> Compositions
    );
}
