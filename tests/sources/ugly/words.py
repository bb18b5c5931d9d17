"""What sentences and names are made of."""

FIRST_NAMES = (
    "Ada Bela Carla David Elena Farid Greta Hugo Ines Jonas Karin Liam Mona Nils Olga Pablo Quentin "
    "Rosa Stefan Tara Umar Vera Walter Xenia Yusuf Zoe"
)
LAST_NAMES = (
    "Abel Brandt Castillo Dubois Eriksson Fischer Garcia Hansen Ivanov Jensen Keller Lopez Moreau "
    "Nowak Okafor Petrov Quist Rossi Santos Tanaka Ueda Varga Weber Xu Yilmaz Zimmer"
)
NOUNS = (
    "room engine battery order waiter screen garden printer dress bus ticket driver cable kitchen "
    "teacher window parcel manual colour station software bridge lamp river soup zipper filter "
    "bottle market jacket update shelf camera beach doctor morning price service"
)
VERBS = (
    "broke saved blocked pleased missed followed reached cleaned ignored covered warmed opened "
    "damaged replaced promised surprised delayed met joined lost"
)
SENTENCE_STARTS = ("The", "My", "Our", "Sadly the", "Again, the", "I think the", "It's true: a")
