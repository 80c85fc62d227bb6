"""Sentences to translate, in English and Portuguese: some written out, the rest from a grammar, always the same ones."""

import random

ENGLISH = """Attention is all you need. | How are you today? | The quick brown fox jumps over the lazy dog.
| I would like a cup of coffee, please. | She did not say a word all evening. | It has been raining since Monday.
| The train to Lisbon leaves at a quarter past nine. | Nobody knows why the bridge was closed. | Where did you put the keys?
| If you heat ice, it melts. | The doctor told him to rest for two weeks. | We have sold more than 1,500 tickets.
| My grandmother used to bake bread every Saturday. | The meeting was moved to 3 p.m. | Don't forget to lock the door!
| The Amazon is the largest river in the world by volume. | He bought three books, two pens and a notebook.
| What time does the museum open on Sundays? | The new law comes into force next year. | I can't hear you very well.
| They had already left when we arrived. | Please sign here and keep the copy. | The children were playing in the garden.
| Prices rose by 4.5% in March. | This is the house where the poet was born. | Is there a pharmacy near the hotel?
| The engine makes a strange noise when it is cold. | "I'll be back," he said, and closed the window. | The soup is too salty.
| Scientists have found water on the far side of the moon. | You should drink more water. | Let's go to the beach tomorrow.
| The company was founded in 1987 by two brothers. | It is cheaper to travel by bus. | The answer is in the last chapter.
| Our flight was delayed because of the fog. | He speaks French better than English. | Turn left at the traffic lights.
| The film lasts two and a half hours. | I have never seen such a beautiful sunset. | Who is going to pay for the damage?
| The teacher explained the rule twice. | We need to talk about the budget. | Her son wants to become a pilot.
| The store accepts cash and credit cards. | Nothing happened. | A good neighbour is better than a distant relative.
| The password must have at least eight characters. | The city has changed a lot in the last ten years. | Good night!
| The recipe calls for 200 grams of flour and a pinch of salt. | Do you mind if I open the window? | He broke his arm."""

PORTUGUESE = """Atenção é tudo que você precisa. | Como você está hoje? | Eu gostaria de uma xícara de café, por favor.
| Ela não disse uma palavra a noite toda. | Está chovendo desde segunda-feira. | O trem para Lisboa sai às nove e quinze.
| Ninguém sabe por que a ponte foi fechada. | Onde você colocou as chaves? | Se você aquecer o gelo, ele derrete.
| O médico disse para ele descansar por duas semanas. | Vendemos mais de 1.500 ingressos. | Não se esqueça de trancar a porta!
| Minha avó fazia pão todos os sábados. | A reunião foi transferida para as 15h. | O Amazonas é o maior rio do mundo em volume.
| Ele comprou três livros, duas canetas e um caderno. | A que horas o museu abre aos domingos? | Não consigo ouvir você muito bem.
| A nova lei entra em vigor no próximo ano. | Eles já tinham saído quando chegamos. | Por favor, assine aqui e guarde a cópia.
| As crianças estavam brincando no jardim. | Os preços subiram 4,5% em março. | Esta é a casa onde o poeta nasceu.
| Há uma farmácia perto do hotel? | O motor faz um barulho estranho quando está frio. | A sopa está salgada demais.
| Os cientistas encontraram água no lado oculto da lua. | Você deveria beber mais água. | Vamos à praia amanhã.
| A empresa foi fundada em 1987 por dois irmãos. | É mais barato viajar de ônibus. | A resposta está no último capítulo.
| Nosso voo atrasou por causa da neblina. | Ele fala francês melhor do que inglês. | Vire à esquerda no semáforo.
| O filme dura duas horas e meia. | Nunca vi um pôr do sol tão bonito. | Quem vai pagar pelo prejuízo?
| A professora explicou a regra duas vezes. | Precisamos falar sobre o orçamento. | O filho dela quer ser piloto.
| A loja aceita dinheiro e cartões de crédito. | Nada aconteceu. | A senha deve ter pelo menos oito caracteres.
| A cidade mudou muito nos últimos dez anos. | Boa noite! | Você se importa se eu abrir a janela? | Ele quebrou o braço."""

WORDS = {
    "english": {
        "who": ["The teacher", "My brother", "Our neighbour", "The old captain", "A young engineer", "The mayor of the town",
                "The woman in the red coat", "Nobody in the office", "The company", "A friend of mine", "The whole family", "She"],
        "did": ["bought", "lost", "wanted to see", "forgot to bring", "could not find", "has just sold", "will repair", "described",
                "was looking for", "had already paid for", "does not understand", "refused to sign"],
        "what": ["the blue bicycle", "two tickets for the concert", "a letter from the bank", "the key to the cellar",
                 "the results of the experiment", "an old map of the island", "three kilos of apples", "the last page of the report",
                 "a warm coat", "the photographs of the wedding", "the new contract", "a small boat with a green sail"],
        "where": ["at the market", "in the kitchen", "near the station", "on the way home", "behind the church", "at the airport",
                  "in the north of the country", "on the second floor", "in Porto", "by the river"],
        "when": ["yesterday", "last week", "on Tuesday morning", "in 1998", "before lunch", "after the storm", "two days ago",
                 "at the end of the month", "when it was getting dark", "during the holidays"],
        "tail": [".", ".", "!", ", although it was raining.", ", but nobody noticed.", " because the shop was closed.",
                 ", as far as I know.", " and then went to bed.", ", which surprised us all."],
        "forms": ["{who} {did} {what} {where} {when}{tail}", "{when}, {who_} {did} {what}{tail}", "{who} {did} {what}{tail}",
                  "Why do you think that {who_} {did} {what}?", "I heard that {who_} {did} {what} {where}{tail}",
                  "If {who_} {did} {what} {when}, we will know it soon."],
    },
    "portuguese": {
        "who": ["O professor", "Meu irmão", "Nossa vizinha", "O velho capitão", "Uma jovem engenheira", "O prefeito da cidade",
                "A mulher de casaco vermelho", "A empresa", "Um amigo meu", "A família inteira", "Ela", "O gerente do banco"],
        "did": ["comprou", "perdeu", "queria ver", "esqueceu de trazer", "não conseguiu encontrar", "acabou de vender", "vai consertar",
                "descreveu", "estava procurando", "já tinha pago", "não entende", "recusou-se a assinar"],
        "what": ["a bicicleta azul", "dois ingressos para o show", "uma carta do banco", "a chave do porão",
                 "os resultados do experimento", "um mapa antigo da ilha", "três quilos de maçãs", "a última página do relatório",
                 "um casaco quente", "as fotografias do casamento", "o novo contrato", "um pequeno barco com uma vela verde"],
        "where": ["no mercado", "na cozinha", "perto da estação", "no caminho de casa", "atrás da igreja", "no aeroporto",
                  "no norte do país", "no segundo andar", "no Porto", "à beira do rio"],
        "when": ["ontem", "na semana passada", "na terça-feira de manhã", "em 1998", "antes do almoço", "depois da tempestade",
                 "há dois dias", "no fim do mês", "quando estava escurecendo", "durante as férias"],
        "tail": [".", ".", "!", ", embora estivesse chovendo.", ", mas ninguém percebeu.", " porque a loja estava fechada.",
                 ", pelo que eu sei.", " e depois foi dormir.", ", o que surpreendeu todos nós."],
        "forms": ["{who} {did} {what} {where} {when}{tail}", "{when}, {who_} {did} {what}{tail}", "{who} {did} {what}{tail}",
                  "Por que você acha que {who_} {did} {what}?", "Ouvi dizer que {who_} {did} {what} {where}{tail}"],
    },
}


def capital(text):
    return text[0].upper() + text[1:]


def sentences(language, count):
    """So many different ones."""
    written = {"english": ENGLISH, "portuguese": PORTUGUESE}[language].replace("\n", " ")
    found = [sentence.strip() for sentence in written.split("|")]
    words, seen, rng = WORDS[language], set(found), random.Random(1)
    while len(found) < count:
        chosen = {key: rng.choice(words[key]) for key in ("who", "did", "what", "where", "when", "tail")}
        chosen["who_"] = chosen["who"][0].lower() + chosen["who"][1:]
        sentence = capital(rng.choice(words["forms"]).format(**chosen))
        if sentence not in seen:
            seen.add(sentence)
            found.append(sentence)
    return found[:count]
