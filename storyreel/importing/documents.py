"""What is asked of the API. `report` tells people of what an import answers, and programs all."""

IMPORT = """
mutation ($input: ImportScreenplayInput!) {
  importScreenplay(input: $input) {
    id format
    project { id title }
    snapshot { version checksum stats { sceneCount elementCount wordCount estimatedTokens } }
    scenes { id label title }
    characters { name speeches }
    problems { line message }
  }
}
"""

READ_BACK = """
query ($project: ID!, $screenplay: ID!) {
  project(id: $project) { scenes { id label title } }
  node(id: $screenplay) {
    ... on Screenplay {
      scenes { id label title }
      snapshot { version checksum stats { sceneCount elementCount wordCount estimatedTokens } }
      file { url size sha256 }
    }
  }
}
"""
