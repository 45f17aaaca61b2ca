"""What the demo asks of the API."""

CREATE_PROJECT = """
mutation ($input: CreateProjectInput!) { createProject(input: $input) { id cursor } }
"""

SCRIPT = """
query ($project: ID!) {
  project(id: $project) {
    scenes { id label title description dialogue { character lines dual } }
  }
}
"""

CREATE_SHOT = """
mutation ($input: CreateShotInput!) { createShot(input: $input) { id shotNumber } }
"""

RETITLE = """
mutation ($id: ID!, $title: String!) {
  updateScene(id: $id, patch: {title: $title}) { ... on Scene { id title } }
}
"""

WRITTEN = "query ($project: ID!) { project(id: $project) { screenplay(format: FDX) } }"

GENERATE = """
mutation ($input: GenerateImagesInput!) {
  generateImages(input: $input) { id jobs { id } images { id } }
}
"""

REFINE = """
mutation ($input: RefineImageInput!) {
  refineImage(input: $input) { id jobs { id } images { id } }
}
"""

FAVORITE = "mutation ($id: ID!) { setFavorite(imageId: $id, isFavorite: true) { id isFavorite } }"

SELECT = "mutation ($input: SelectMasterShotInput!) { selectMasterShot(input: $input) { id } }"

ANIMATE = "mutation ($input: AnimateInput!) { animate(input: $input) { id jobs { id } } }"

EXPORT = "mutation ($input: ExportInput!) { exportProject(input: $input) { id } }"

PROGRESS = """
subscription ($jobs: [ID!]!) {
  jobProgress(jobIds: $jobs) { id status phase progress error { code message } }
}
"""

EVENTS = """
subscription ($project: ID!, $after: Cursor!) {
  projectEvents(projectId: $project, after: $after) {
    __typename
    ... on ProjectChanges { cursor events { cursor } }
    ... on ResyncRequired { reason }
  }
}
"""

LOG = """
query ($project: ID!, $after: Cursor!, $first: Int!) {
  project(id: $project) { events(after: $after, first: $first) { cursor events { cursor } } }
}
"""

JOBS = """
query ($project: ID!, $after: String, $first: Int!) {
  project(id: $project) {
    jobs(after: $after, first: $first) {
      edges { node { id kind status } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

FILM = """
query ($job: ID!) { job(id: $job) { asset { id url size sha256 mediaType } } }
"""

BOARD = """
query ($project: ID!) {
  project(id: $project) {
    id title prompt redesignStatus frameRate
    scenes {
      id sceneNumber label title description
      shots {
        id shotNumber description
        camera { framing angle movement { type } }
        timing { duration durationFrames }
        iterations {
          iterationNumber prompt parentImage { id }
          images { id variantNumber status isFavorite thumbnailUrl }
        }
        selection {
          id animationStatus
          selectedImage { id iterationNumber variantNumber iterationPrompt imageUrl }
        }
      }
    }
  }
}
"""
