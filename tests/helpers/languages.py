"""Two summaries without a common word, in the languages that tests go through."""

# By code: a summary, and one that shares no word, stem or, without spaces, character with it.
SUMMARIES = {
    "ar": ("ستخبز سارة كعكة لعيد ميلاد أخيها غدا", "يبيع التاجر سيارته القديمة بثمن رخيص"),
    "bg": ("Мария ще купи хляб и сирене от магазина утре", "Нашето куче обича да тича край реката"),
    "bn": ("রিনা আগামীকাল তার ভাইয়ের জন্য কেক বানাবে", "পুরোনো গাড়িটি খুব সস্তায় বিক্রি হয়েছে"),
    "cs": ("Přítelkyně koupí zítra čerstvý chléb a sýr", "Náš starý pes rád běhá podél řeky"),
    "da": ("Søren køber brød og ost til morgenmaden i morgen", "Vores gamle hund løber gerne ved åen"),
    "de": ("Die Gäste führen ein Gespräch über süße Äpfel", "Unser alter Hund läuft gern am Fluss entlang"),
    "el": ("Η Μαρία θα αγοράσει αύριο ψωμί και τυρί", "Ο γέρικος σκύλος μας τρέχει δίπλα στο ποτάμι"),
    "es": (
        "María comprará mañana pan y queso para el desayuno",
        "Nuestro viejo perro corre feliz junto al río",
    ),
    "fa": ("مریم فردا برای برادرش نان و پنیر می‌خرد", "سگ پیر ما کنار رودخانه خوشحال دوید"),
    "fi": (
        "Äiti ostaa huomenna tuoretta leipää ja juustoa",
        "Vanha koiramme juoksee mielellään joen varrella",
    ),
    "fr": (
        "Élodie achètera demain du pain et du fromage",
        "Notre vieux chien court volontiers près de la rivière",
    ),
    "he": ("מרים תקנה מחר לחם וגבינה לארוחת הבוקר", "הכלב הזקן שלנו אוהב לרוץ ליד הנהר"),
    "hi": ("रीना कल अपने भाई के लिए केक बनाएगी", "हमारा बूढ़ा कुत्ता नदी किनारे दौड़ता रहता है"),
    "hu": ("Éva holnap friss kenyeret és sajtot vásárol", "Öreg kutyánk szívesen szaladgál a folyó mentén"),
    "hy": ("Մարիամը վաղը հաց և պանիր կգնի", "Մեր ծեր շունը սիրում է վազել գետի մոտ"),
    "id": ("Siti akan membeli roti dan keju besok pagi", "Anjing tua kami senang berlari di tepi sungai"),
    "it": (
        "Domani Chiara comprerà pane e formaggio",
        "Il nostro vecchio cane corre volentieri lungo il fiume",
    ),
    "ja": ("明日、母は新鮮な食パンを買います", "古川の犬が浜で走った"),
    "ka": ("მარიამი ხვალ პურსა და ყველს იყიდის", "ჩვენი ბებერი ძაღლი მდინარესთან დარბის"),
    "ko": ("수진이는 내일 아침에 빵과 치즈를 산다", "우리 늙은 개가 강가에서 신나게 달렸다"),
    "nl": ("Anneke koopt morgen vers brood en kaas", "Onze oude hond rent graag langs de rivier"),
    "no": ("Kåre kjøper brød og ost til frokosten i morgen", "Den gamle hunden vår løper gjerne langs elva"),
    "pl": ("Małgorzata kupi jutro świeży chleb i żółty ser", "Nasz stary pies chętnie biega wzdłuż rzeki"),
    "pt": ("Amanhã a irmã comprará pão fresco e queijo", "Nosso cachorro velho gosta de correr junto do rio"),
    "ro": (
        "Mâine Ștefan cumpără pâine proaspătă și brânză",
        "Câinele nostru bătrân aleargă bucuros pe lângă râu",
    ),
    "ru": ("Мария завтра купит свежий хлеб и сыр", "Наша старая собака любит бегать вдоль реки"),
    "sv": ("Åsa köper färskt bröd och ost i morgon", "Vår gamla hund springer gärna längs floden"),
    "ta": ("மாலதி நாளை ரொட்டியும் பாலாடையும் வாங்குவாள்", "எங்கள் வயதான நாய் ஆற்றங்கரையில் ஓடியது"),
    "th": ("พรุ่งนี้แม่จะซื้อขนมปัง", "ตาดูไก่กับเด็ก"),
    "tr": ("Ayşe yarın taze ekmek ve peynir alacak", "Yaşlı köpeğimiz nehir boyunca koşmayı seviyor"),
    "uk": ("Оксана завтра купить свіжий хліб і сир", "Наш старий пес любить бігати вздовж річки"),
    "vi": ("Ngày mai chị Hoa sẽ mua bánh mì và phô mai", "Con chó già thích chạy dọc bờ sông"),
    "zh": ("小红明天早上要买面包和奶酪", "我们家老狗喜欢沿河奔跑"),
}
