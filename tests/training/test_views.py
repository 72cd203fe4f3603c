from flask.testing import FlaskClient

from certengine.foundation.runtime import Runtime
from tests.factories import PASSWORD, account, resident_id


def signed_in(
    runtime: Runtime, client: FlaskClient, institution: str = "山东数字技术评价中心", code: str = "SDPJ"
) -> None:
    account(runtime, f"{code}@example.org", ["training_officer"], institution=institution, code=code)
    client.post("/sign-in", data={"login": f"{code}@example.org", "password": PASSWORD})


def open_class(client: FlaskClient) -> str:
    answer = client.post(
        "/training/new",
        data={"title": "人工智能初级班", "field": "artificial_intelligence", "level": "junior", "token": "t" * 20},
    )
    return answer.location


def test_a_training_officer_opens_a_class_and_enrols_a_trainee(runtime: Runtime, client: FlaskClient) -> None:
    signed_in(runtime, client)
    assert "还没有培训班" in client.get("/training").text
    page = open_class(client)
    form = {"name": "古丽・阿不都", "document_type": "resident_id", "number": resident_id(4)}
    assert client.post(f"{page}/enrolments", data=form).status_code == 302
    assert "古丽·阿不都" in client.get(page).text


def test_a_wrong_identity_number_is_told_beside_its_field_and_nothing_is_kept(
    runtime: Runtime, client: FlaskClient
) -> None:
    signed_in(runtime, client)
    page = open_class(client)
    form = {"name": "张三", "document_type": "resident_id", "number": "370102199001010011"}
    answer = client.post(f"{page}/enrolments", data=form)
    assert answer.status_code == 422 and "校验位不符" in answer.text
    assert "还没有学员" in client.get(page).text


def test_another_institutions_class_is_not_found(runtime: Runtime, client: FlaskClient) -> None:
    signed_in(runtime, client)
    page = open_class(client)
    client.post("/sign-out")
    signed_in(runtime, client, "青岛培训学院", "QDPX")
    assert client.get(page).status_code == 404


def test_classes_are_found_by_their_name_with_how_many_are_in_them(runtime: Runtime, client: FlaskClient) -> None:
    signed_in(runtime, client)
    page = open_class(client)
    client.post(f"{page}/enrolments", data={"name": "张三", "document_type": "resident_id", "number": resident_id(4)})
    found = client.get("/training?q=初级").text
    assert "人工智能初级班" in found and '<td class="text-end">1</td>' in found
    assert "没有符合条件的培训班" in client.get("/training?q=50%25_").text
