# SPDX-FileCopyrightText: 2026 The Yokota de Go authors
# SPDX-License-Identifier: Apache-2.0
"""What anybody may ask."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from yokotago_cloud import __version__
from yokotago_cloud.bodies import Health, Keys, SignInWays, Stores
from yokotago_cloud.routes.callers import ServicesOf

router = APIRouter(prefix="/v1", tags=["public"])


@router.get("/health", response_model=Health)
def health(services: ServicesOf) -> dict[str, Any]:
    """Whether the cloud answers and its storage reads."""
    services.storage.get("STORES", "none")
    return {"status": "ok", "version": __version__}


@router.get("/keys", response_model=Keys, response_model_exclude_none=True)
def keys(services: ServicesOf) -> dict[str, Any]:
    """Public keys: for a gate that must check codes without a line, and for whoever checks access tokens."""
    return services.keys.public()


@router.get("/sign-in", response_model=SignInWays)
def sign_in_ways(services: ServicesOf) -> dict[str, Any]:
    """How a shopper signs in: here, or at outside providers."""
    issuers = services.settings.issuers
    providers = [{"issuer": issuer.issuer, "client_id": issuer.client_id} for issuer in issuers]
    return {"built_in": not issuers, "providers": providers}


@router.get("/stores", response_model=Stores)
def stores(services: ServicesOf) -> dict[str, Any]:
    """All stores."""
    return {"stores": services.stores.all(), "demo_gate": services.settings.demo_gate}
