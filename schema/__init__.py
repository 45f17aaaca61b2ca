"""The nouns: GraphQL types drawn over rows, their edges, inputs and enums. No root fields."""
