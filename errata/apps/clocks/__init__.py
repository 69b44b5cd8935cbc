"""How long issues may take: clocks, their explanation, and what happens as time runs out."""
