"""A moto server that treats change sets which are not there as CloudFormation does: deleting one succeeds, describing one fails with
ChangeSetNotFound. moto 5.2 fails both with errors of its own."""

import sys

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.core.exceptions import ServiceException
from moto.server import main


class ChangeSetNotFound(ServiceException):
    code = "ChangeSetNotFound"


describe = CloudFormationBackend.describe_change_set
delete = CloudFormationBackend.delete_change_set


def describe_change_set(self, change_set_name):
    try:
        return describe(self, change_set_name)
    except ValidationError:
        raise ChangeSetNotFound(f"ChangeSet [{change_set_name}] does not exist")


def delete_change_set(self, change_set_name):
    try:
        delete(self, change_set_name)
    except UnboundLocalError:
        pass


CloudFormationBackend.describe_change_set = describe_change_set
CloudFormationBackend.delete_change_set = delete_change_set
main(sys.argv[1:])
