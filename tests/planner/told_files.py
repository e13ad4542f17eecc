"""What somebody has told other engines of Docker Hub."""

from __future__ import annotations

CRI = 'plugins."io.containerd.grpc.v1.cri"'
INLINE = f"""version = 2
[{CRI}]
  [{CRI}.registry.mirrors]
    [{CRI}.registry.mirrors."docker.io"]
      endpoint = ["https://mirror.gcr.io", "https://registry-1.docker.io"]
"""
REMAPPED = """unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "docker.io"
location = "harbor.corp.example/dockerhub"
"""
BLOCKED = """unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "*.docker.io"
location = "harbor.corp.example/hub"
[[registry]]
location = "docker.io"
blocked = true
"""
LIBRARY = """unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "docker.io/library"
location = "harbor.corp.example/dockerhub/library"

[[registry]]
location = "registry-1.docker.io"
blocked = true
"""
