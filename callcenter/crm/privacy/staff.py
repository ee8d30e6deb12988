"""What people who work here must have read before they work: that talks are recorded and work is watched."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm.models.people import SignIn, User
from callcenter.crm.models.trail import StaffAcknowledgement, StaffNotice
from callcenter.errors import Refused

PROPOSED: Final = {
    "en": (
        "Calls on this system are recorded where callers are told so, and may be listened to for quality and "
        "training. Supervisors see in real time whether you are available, talking or paused. What you read, "
        "change, export and listen to is kept in an audit trail. Recordings and logs are deleted after the times "
        "that your company has set. You may ask to see what is kept about you."
    ),
    "ru": (
        "Звонки в этой системе записываются там, где звонящих об этом предупреждают, и могут прослушиваться для "
        "контроля качества и обучения. Руководители видят в реальном времени, свободны вы, говорите или на паузе. "
        "Что вы читаете, меняете, выгружаете и прослушиваете, отмечается в журнале аудита. Записи и журналы "
        "удаляются по истечении сроков, установленных вашей компанией. Вы можете запросить сведения, которые о "
        "вас хранятся."
    ),
    "it": (
        "Le chiamate di questo sistema vengono registrate dove chi chiama ne è avvisato, e possono essere "
        "ascoltate per la qualità e la formazione. I supervisori vedono in tempo reale se sei disponibile, in "
        "conversazione o in pausa. Ciò che leggi, modifichi, esporti e ascolti resta in un registro di controllo. "
        "Registrazioni e registri si cancellano dopo i termini stabiliti dalla tua azienda. Puoi chiedere di "
        "vedere ciò che è conservato su di te."
    ),
    "az": (
        "Bu sistemdə zənglər, zəng edənlərə xəbərdarlıq edilən yerdə, yazılır və keyfiyyət, təlim məqsədilə "
        "dinlənilə bilər. Nəzarətçilər sizin boş, danışıqda və ya fasilədə olduğunuzu real vaxtda görürlər. "
        "Oxuduqlarınız, dəyişdikləriniz, ixrac etdikləriniz və dinlədikləriniz audit jurnalında qeyd olunur. "
        "Yazılar və jurnallar şirkətinizin müəyyən etdiyi müddətdən sonra silinir. Haqqınızda nə saxlandığını "
        "öyrənmək hüququnuz var."
    ),
}
"""A text to begin with; the company's lawyers have the last word."""


def current(session: Session) -> StaffNotice | None:
    """The notice in force."""
    return session.scalars(select(StaffNotice).order_by(StaffNotice.version.desc()).limit(1)).first()


def publish(session: Session, texts: dict[str, str], by: UUID | None, now: datetime) -> StaffNotice:
    """Puts a new text in force: everybody is asked again at the next sign-in. The same text again changes nothing."""
    last = current(session)
    if last and last.texts == texts:
        return last
    made = StaffNotice(version=last.version + 1 if last else 1, texts=texts, by_id=by, at=now)
    session.add(made)
    session.flush()
    return made


def due(session: Session, user: UUID, sign_in: UUID) -> StaffNotice | None:
    """The notice that this session must confirm before it may work. One that began before the notice goes on: nobody
    is locked out in the middle of a call."""
    read = select(StaffAcknowledgement.notice_id).where(StaffAcknowledgement.user_id == user)
    began = select(SignIn.created_at).where(SignIn.id == sign_in).scalar_subquery()
    newest = select(func.max(StaffNotice.version)).scalar_subquery()
    wanted = select(StaffNotice).where(
        StaffNotice.version == newest, StaffNotice.id.not_in(read), StaffNotice.at < began
    )
    return session.scalars(wanted).first()


def acknowledge(session: Session, user: UUID, version: int, language: str, now: datetime) -> bool:
    """Keeps that the person read it; False where that is known. Raises Refused when another text is in force by now."""
    notice = current(session)
    if notice is None or notice.version != version:
        raise Refused("there is another text by now; read that one", code="notice_changed")
    if session.get(StaffAcknowledgement, (user, notice.id)):
        return False
    session.add(StaffAcknowledgement(user_id=user, notice_id=notice.id, language=language, at=now))
    return True


def confirmed(session: Session) -> tuple[int, int]:
    """How many of those who may sign in confirmed the notice in force, and how many there are."""
    everybody = session.scalar(select(func.count()).select_from(User).where(User.active)) or 0
    notice = current(session)
    if notice is None:
        return 0, everybody
    done = select(func.count()).select_from(StaffAcknowledgement).join(User, User.id == StaffAcknowledgement.user_id)
    return session.scalar(done.where(StaffAcknowledgement.notice_id == notice.id, User.active)) or 0, everybody


def in_language(texts: dict[str, str], language: str) -> tuple[str, str]:
    """The language and the text for a reader of ``language``."""
    for wanted in (language, language.split("-")[0], "en", *texts):
        if texts.get(wanted, "").strip():
            return wanted, texts[wanted]
    return language, ""
