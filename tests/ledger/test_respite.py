from ledger.respite import Respite


def test_a_respite_lasts_its_time_from_whenever_it_began_last() -> None:
    times = iter([-5.0, -4.0, -3.5, -3.0, -2.0, -1.0])
    respite = Respite(2.0, clock=lambda: next(times))
    lasted = [respite.lasts]
    respite.begin()
    lasted.append(respite.lasts)
    respite.begin()
    lasted += [respite.lasts, respite.lasts]
    assert lasted == [False, True, True, False]
