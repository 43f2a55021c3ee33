from zhiqiao.site.cli import main

main()
