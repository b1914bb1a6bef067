"""What goes in and out: marshmallow schemas shared by the API, its OpenAPI document and the forms."""
