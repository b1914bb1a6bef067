"""The people and places of the story: who is exploited, by whom and where, who is freed, missed and found, and cared
for. All of them are fictional, and known by pseudonyms that the service makes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from evidence_api.demo.people import Persona
from evidence_api.demo.processes import Stopped
from evidence_api.demo.screen import Screen

FREED = 11
RESCUED_AT = "2023-04-02T05:40:00+07:00"
VENUES = """what;where;quarter;sort
Kiln with two chimneys (fictional);East bank, behind the temple;East bank;kiln
Hall where the families sleep (fictional);East bank, next to the kiln;East bank;kiln
"""

Made = dict[str, Any]


class Casework:
    """What is known of people and places in one case."""

    def __init__(self, screen: Screen, people: Mapping[str, Persona], case: Made) -> None:
        self.screen, self.case = screen, case
        self.sokha, self.mealea, self.bopha = people["sokha"], people["mealea"], people["bopha"]
        self.kunthea, self.dara = people["kunthea"], people["dara"]

    # --- Riverside ---

    def first_venue(self) -> None:
        """The house, and who keeps the girls there."""
        self.house = self._venue("brothel", "Riverside guest house, red lamp at the side door", "Riverside quarter")
        known_as = {"alias": "Auntie Lamp", "aliases": ["The aunt of the second floor"], "roles": ["keeper", "lender"]}
        self.keeper = self.sokha.post("/perpetrators", json={"case": self.case["id"], "gender": "female", **known_as})
        tie = {"perpetrator": self.keeper["id"], "kind": "keeper", "from_on": "2021-06-01"}
        self.sokha.post(f"/venues/{self.house['id']}/ties", json=tie)
        seen = {"observed_on": "2023-03-14", "seen": "open", "people": 12, "minors": 5}
        self.sokha.post(f"/venues/{self.house['id']}/observations", json=seen)
        self._move_venue(self.house, "observe", "2023-03-14T18:00:00+07:00", "A hotline call.")
        self._move_venue(self.house, "confirm", "2023-03-26T22:00:00+07:00", "The same girls, under guard, each time.")
        self.screen.done(f"She registers the house, {_short(self.house)}, and its keeper, {_short(self.keeper)}.")

    def plan_rescue(self) -> None:
        """The rescue, with all that the case needs before its intervention is planned."""
        plan = {"planned_on": "2023-04-02", "aftercare_places": 14, "venue": self.house["id"]}
        self.rescue = self._operation("rescue", partner="Anti-trafficking unit (fictional)", **plan)
        self._assess(self.rescue, datetime.now(UTC).date().isoformat())
        given = {"authorised_on": "2023-03-30", "reference": "AT-118/23 (fictional)"}
        self.sokha.post(f"/operations/{self.rescue['id']}/authorisation", json=given)
        self.screen.done(
            f"She plans the rescue, {_short(self.rescue)}: the police and their written go, the dangers, 14 beds."
        )

    def carry_out_rescue(self) -> None:
        """The go, everyone on the roster, and what the morning brought her."""
        go = {"action": "go", "reason": "The police lead, and every bed is ready."}
        self.bopha.post(f"/operations/{self.rescue['id']}/transitions", json=go)
        self.screen.done("bopha, supervisor, looks at all that and gives the go. Who planned it could not.")
        about = {"case": self.case["id"], "gender": "female", "minor": True, "languages": ["km"], "country": "KH"}
        girls = [self.sokha.post("/victims", json=about) for _ in range(FREED + 1)]
        self.missed, self.freed = girls[0], girls[1:]
        roster, then = f"/operations/{self.rescue['id']}/roster", {"occurred_at": RESCUED_AT}
        freed = {"victims": [girl["id"] for girl in self.freed], "outcome": "rescued", **then}
        self.sokha.post(f"{roster}/several", json=freed)
        self.sokha.post(roster, json={"victim": self.missed["id"], "outcome": "missed", "how": "told_to_hide", **then})
        self._move_venue(self.house, "intervene", RESCUED_AT, "Police operation.")
        searched = self.sokha.get("/searches", params={"victim": self.missed["id"], "open": "true"})["items"]
        if len(searched) != 1:
            raise Stopped("Nobody searches for the one who was missed.")
        self.search = searched[0]
        figures = self.sokha.get(f"/operations/{self.rescue['id']}/figures")
        self.screen.done(
            f"Each of the {figures['expected']} on its roster has a pseudonym and an outcome: {figures['rescued']} "
            f"rescued, {figures['missed']} missed. A search for {self.missed['pseudonym']} is open until she is found."
        )
        first = {"started_on": "2022-05-01", "ended_on": "2023-04-02", "exit": "moved"}
        self._episode(self.house, **first)

    # --- Blue Lotus ---

    def find_her(self, seen_in: Made) -> None:
        """The footage shows her in another house: a venue, a new episode, an alert; she is located."""
        self.bar = self._venue("ktv", "Blue Lotus karaoke, blue sign, stairs at the back", "Harbour")
        displaced = {"successor": self.bar["id"]}
        self._move_venue(
            self.house, "displace", "2023-06-01T12:00:00+07:00", "Its keeper works there now.", **displaced
        )
        tie = {"perpetrator": self.keeper["id"], "kind": "manager", "from_on": "2023-06-01"}
        self.sokha.post(f"/venues/{self.bar['id']}/ties", json=tie)
        she = self.missed["pseudonym"]
        told = self._episode(self.bar, started_on="2026-02-18")["classification"]
        alert = self.sokha.get("/alerts", params={"open": "true"})["items"][0]
        if (alert["kind"], told) != ("moved_without_exit", "moved_without_exit"):
            raise Stopped("Nobody was alerted.")
        self.screen.found(f"It is {she}. Her new episode, {told.replace('_', ' ')}, alerts everybody on the case.")
        for kind, target, relation in (
            ("victim", self.missed, "shows"),
            ("venue", self.bar, "recorded_at"),
            ("perpetrator", self.keeper, "mentions"),
        ):
            link = {"target_kind": kind, "target": target["id"], "relation": relation, "confidence": "probable"}
            self.sokha.post(f"/evidence/{seen_in['id']}/links", json=link)
        found = {"axis": "whereabouts", "action": "locate", "reason": "Seen on the footage by two who know her."}
        self.sokha.post(f"/victims/{self.missed['id']}/transitions", json=found)
        if self.sokha.get(f"/searches/{self.search['id']}")["end"] != "located":
            raise Stopped("She was found, and the search goes on.")
        self.screen.done(f"The footage is linked to her, the house and its keeper. {she} is located; her search ends.")

    # --- care ---

    def care(self) -> None:
        """What kunthea does for one of the eleven, and for all of them in the first hours."""
        self.kunthea.sign_in("demonstration: shelter")
        for girl in self.freed:
            for need in self.kunthea.get(f"/victims/{girl['id']}/steps", params={"kind": "need"})["items"]:
                self.kunthea.post(f"/steps/{need['id']}/transitions", json={"action": "finish"})
        self.screen.done("kunthea, caseworker, signs in. Of each, the eight needs of the first 72 hours are met.")
        self.her = self.freed[0]
        she, path = self.her["pseudonym"], f"/victims/{self.her['id']}"
        name = {"name": "Srey Example (fictional)", "born": "2009-03"}
        self.kunthea.put(f"{path}/identity", json=name)
        if self.sokha.asks(f"{path}/identity/reveal", "POST") != 403:
            raise Stopped("An investigator could ask for a name.")
        self.screen.done(f"Who {she} is goes into the vault. sokha, who leads the case, cannot open it: 403.")
        apart = {"barrier": "do_not_contact", "perpetrator": self.keeper["id"]}
        self.kunthea.post(f"{path}/keep-apart", json=apart)
        consent = {"purpose": "care", "scope": "Counselling and the course, not the press."}
        self.kunthea.post(f"{path}/consents", json=consent)
        self._partners(path)
        self._go_home(path)
        due = self.kunthea.get("/care/due")["items"]
        follow_ups = self.kunthea.get(f"{path}/steps", params={"kind": "follow_up"})["items"]
        if [one["kind"] for one in due if one["overdue"]] != ["follow_up"]:
            raise Stopped("The overdue follow-up is not on the caseworker's page.")
        self.screen.done(
            f"{she}: assessed, willing, trained, at home. {len(follow_ups)} follow-ups stand in the plan until 24 "
            "months from now; one is overdue, and stands on kunthea's first page."
        )

    def _partners(self, path: str) -> None:
        offers = {"country": "KH", "region": "Riverside", "languages": ["km"], "genders": ["female"], "capacity": 6}
        house = {"name": "House of the two rivers (fictional)", "offers": ["shelter", "counselling"], **offers}
        course = {"name": "Harbour tailoring school (fictional)", "offers": ["vocational"], **offers}
        self.shelter, school = (self.kunthea.post("/partners", json=one) for one in (house, course))
        asked = {"service": "vocational", "partner": school["id"]}
        referral = self.kunthea.post(f"{path}/referrals", json=asked)
        accepted = {"action": "accept", "reason": "A place from the first of the month."}
        self.kunthea.post(f"/referrals/{referral['id']}/transitions", json=accepted)
        nobody = {"service": "legal", "region": "Riverside"}
        self.kunthea.post(f"{path}/referrals", json=nobody)
        self.screen.done("A partner takes her for its tailoring course. Legal help nobody offers: an unmet need.")

    def _go_home(self, path: str) -> None:
        today = datetime.now(UTC).date().isoformat()
        self._care(path, "contact")
        self._assessed(path, "initial", "Frightened, well in body, wants to learn.", today)
        self._care(path, "assess")
        self.kunthea.post(f"{path}/willingness", json={"willingness": "willing"})
        self._care(path, "engage")
        address = "Lane 0, no such street (fictional)"
        stays = {"kind": "shelter", "partner": self.shelter["id"], "from_on": "2023-04-02", "address": address}
        self.kunthea.post(f"{path}/placements", json=stays)
        first = self.kunthea.post(f"{path}/steps", json={"kind": "first", "title": "The first dress that she sewed"})
        self.kunthea.post(f"/steps/{first['id']}/transitions", json={"action": "finish"})
        self._care(path, "stabilise")
        self._care(path, "restore")
        home = {"kind": "home", "from_on": today}
        if self.kunthea.asks(f"{path}/placements", "POST", json=home) != 409:
            raise Stopped("She could go home, and nobody had seen whether it is safe.")
        for kind in ("household_safety", "economic"):
            self._assessed(path, kind, "Visited twice.", today, favourable=True)
        self.kunthea.post(f"{path}/placements", json=home)
        self._care(path, "reintegrate")
        self.screen.done("Home: refused, 409, until household and economy were assessed in her favour. Then she goes.")
        late = (datetime.now(UTC) - timedelta(days=3)).isoformat()
        self.kunthea.post(f"{path}/steps", json={"kind": "follow_up", "due_at": late})

    def _care(self, path: str, action: str) -> None:
        step = {"axis": "care", "action": action, "reason": "As agreed with her."}
        self.kunthea.post(f"{path}/transitions", json=step)

    def _assessed(self, path: str, kind: str, summary: str, on: str, **more: bool) -> None:
        assessment = {"kind": kind, "summary": summary, "assessed_on": on, **more}
        self.kunthea.post(f"{path}/assessments", json=assessment)

    # --- today ---

    def covert_visit(self) -> None:
        """A visit that is over, and a rescue on which nobody has decided."""
        today = datetime.now(UTC).date()
        operative = self.bopha.post("/operatives", json={"person": "Nobody (fictional)"})
        visit = self._operation("covert_visit", venue=self.bar["id"], planned_on=today.isoformat())
        self._assess(visit, today.isoformat())
        self.sokha.post(f"/operations/{visit['id']}/operatives", json={"operative": operative["id"]})
        for person, action, reason in (
            (self.bopha, "go", "Two exits, a car at each."),
            (self.sokha, "conclude", "In and out without being noticed."),
        ):
            person.post(f"/operations/{visit['id']}/transitions", json={"action": action, "reason": reason})
        self.screen.done(
            f"A covert visit, {_short(visit)}: bopha gave the go. Who went in is a code, {operative['code']}."
        )
        unit = {"partner": "Anti-trafficking unit (fictional)", "aftercare_places": 30}
        day = (today + timedelta(days=6)).isoformat()
        self.next_rescue = self._operation("rescue", venue=self.bar["id"], planned_on=day, **unit)
        self._assess(self.next_rescue, today.isoformat())
        given = {"authorised_on": today.isoformat(), "reference": "AT-201/26 (fictional)"}
        self.sokha.post(f"/operations/{self.next_rescue['id']}/authorisation", json=given)
        self.sokha.post(f"/operations/{self.next_rescue['id']}/roster", json={"victim": self.missed["id"]})
        asked = {"authority": "District court (fictional)", "asks": "Who owns the Blue Lotus?"}
        days = {"sent_on": "2026-02-20", "due_on": "2026-03-20"}
        self.mealea.post(f"/cases/{self.case['id']}/requests", json={**asked, **days})
        self.screen.done(
            f"The next rescue, {_short(self.next_rescue)}, waits for bopha's go; a court's answer is late."
        )

    def look_for_another(self) -> None:
        """Somebody whom the office does not know is reported missing, and may have been seen."""
        missing = {
            "case": self.case["id"],
            "description": "Fifteen, a scar on the left hand, left home with a recruiter.",
            "name": "Chanthy Example (fictional)",
            "last_seen_on": "2026-01-30",
        }
        search = self.kunthea.post("/searches", json=missing)
        sighting = {"seen_on": "2026-02-19", "venue": self.bar["id"], "note": "By a guard's word."}
        self.sokha.post(f"/searches/{search['id']}/sightings", json=sighting)
        self.screen.done("A mother reports her daughter missing; she may have been seen at the Blue Lotus.")

    def tell_and_import(self, kiln: Made) -> None:
        """A tip that waits, and a table brought into another case."""
        self.tip = self.dara.post("/tips", json={"text": "Lorries leave the kiln at night.", "about": "The east bank"})
        mapping = {"description": "what", "place": "where", "area": "quarter", "kind": "sort"}
        sent = {"kind": "venues", "csv": VENUES, "mapping": mapping}
        count = self.dara.post(f"/cases/{kiln['id']}/imports", json=sent)["count"]
        self.screen.done(
            f"dara imports {count} venues from a table, all or none, and reports a tip that waits for bopha."
        )

    # --- what they are made of ---

    def _venue(self, kind: str, description: str, area: str) -> Made:
        about = {"kind": kind, "description": f"{description} (fictional)", "area": area, "country": "KH"}
        return self.sokha.post("/venues", json={"case": self.case["id"], **about})

    def _move_venue(self, venue: Made, action: str, when: str, reason: str, **more: str) -> None:
        step = {"action": action, "occurred_at": when, "reason": reason, **more}
        self.sokha.post(f"/venues/{venue['id']}/transitions", json=step)

    def _operation(self, kind: str, **more: Any) -> Made:
        return self.sokha.post("/operations", json={"case": self.case["id"], "kind": kind, **more})

    def _assess(self, operation: Made, on: str) -> None:
        scores = {"victims": 3, "staff": 2, "bystanders": 2, "leak": 4, "retaliation": 3, "aftercare": 2}
        self.sokha.post(f"/operations/{operation['id']}/assessments", json={"scores": scores, "assessed_on": on})

    def _episode(self, venue: Made, **more: str) -> Made:
        means = ["debt_bondage", "restricts_movement"]
        about = {"victim": self.missed["id"], "venue": venue["id"], "means": means}
        return self.sokha.post("/episodes", json={**about, "exploitation": ["sexual_exploitation"], **more})


def _short(thing: Made) -> str:
    return str(thing["ref"].rsplit("-")[-1])
