"""words.py TOKENIZER.json COUNT FILE: the tokenizer with a word t<id> for every further id below COUNT."""
import json
import sys

source, count, target = sys.argv[1:]
with open(source) as file:
    tokenizer = json.load(file)
vocabulary = tokenizer["model"]["vocab"]
for token in range(len(vocabulary), int(count)):
    vocabulary[f"t{token}"] = token
with open(target, "w") as file:
    json.dump(tokenizer, file)
